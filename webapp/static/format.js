// Numbers for people, written as the server writes them.

/** A probability; none is ever shown as certain or impossible. */
export function percent(share) {
  if (share > 0.999) return ">99.9%";
  return share < 0.001 ? "<0.1%" : `${(share * 100).toFixed(1)}%`;
}
