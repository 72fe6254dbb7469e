"""Who is working: a name typed once, which pages show and records hold."""

from urllib.parse import unquote

from flask import Flask, request

COOKIE = "person"


def register(app: Flask) -> None:
    """Let templates show the name."""
    app.jinja_env.globals["person"] = person


def person() -> str:
    """Give the name in the request's cookie, empty where none was typed."""
    return " ".join(unquote(request.cookies.get(COOKIE, "")).split())
