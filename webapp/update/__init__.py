"""Another version, or another model, in the place of the one that runs, and back again.

A new version is made beside the others and proved on a copy of the data while the old one goes on
working. Only then `current` names it, by one rename. Whatever breaks off before leaves the old one,
whatever breaks off later the new one. A new model makes a version too: the same files by second
names, with another bundle among them.
"""
