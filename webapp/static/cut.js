// A cell cut out of the picture of a field, as runtime/crops.py does: the square of 1.6 times the
// longer side of its box, mirrored at the border.

const CROP_SIDES = 1.6;
const LEAST_PX = 8;

/**
 * @param {string} url of the whole picture
 * @param {number[]} box x0, y0, x1, y1 in pixels
 * @returns {Promise<Blob>} a PNG
 * @throws where the browser cannot show the picture
 */
export async function cut(url, [x0, y0, x1, y1]) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const side = Math.max(LEAST_PX, Math.round(CROP_SIDES * Math.max(x1 - x0, y1 - y0)));
  const left = Math.round((x0 + x1 - side) / 2);
  const top = Math.round((y0 + y1 - side) / 2);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const brush = canvas.getContext("2d");
  for (const [flipX, shiftX] of mirrors(left, side, width)) {
    for (const [flipY, shiftY] of mirrors(top, side, height)) {
      brush.setTransform(flipX, 0, 0, flipY, shiftX - left, shiftY - top);
      brush.drawImage(picture, 0, 0);
    }
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The picture itself along one direction, and its mirror images where the square reaches over. */
function mirrors(start, side, length) {
  const all = [[1, 0]];
  if (start < 0) all.push([-1, 0]);
  if (start + side > length) all.push([-1, 2 * length]);
  return all;
}
