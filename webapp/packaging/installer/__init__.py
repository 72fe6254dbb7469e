"""Installs an unpacked archive. Needs Python and nothing else, no other part of the app either.

What is installed:

    PREFIX/versions/<version>-<hash of the manifest>/    the app, and an environment of its own
    PREFIX/current      a link to the version that runs (Windows: current.txt, which names it)
    COMMANDS/hematovision

A version is made beside its place, tried, and moved there in one step; the link changes last, in
one step too. Whatever breaks off before leaves what was installed as it was.
"""
