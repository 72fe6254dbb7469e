"""What tells a device of its laboratory, and a server of its database; secrets stay unseen."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from tests.webapp.laboratory.laboratory import TOKEN, answering
from webapp.cli import main, parse_args
from webapp.laboratory.server import LaboratoryServer, PushError
from webapp.maintenance import cli as maintenance

RECORD = {"sha256": "0" * 64}


def test_flags_win_over_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    environment = {
        "HEMATOVISION_DATABASE": "postgresql://lab/one",
        "HEMATOVISION_PUSH": "https://one",
        "HEMATOVISION_PUSH_TOKEN_FILE": str(file),
    }
    told = parse_args(["--push", "https://two"], environment)
    assert (told.database, told.push_to) == ("postgresql://lab/one", "https://two")
    assert (told.push_token, told.push_token_file) == ("", file)
    told = parse_args([], {"HEMATOVISION_PUSH_TOKEN": f"{TOKEN}\n"})
    assert (told.database, told.push_to, told.push_token) == (None, None, TOKEN)
    assert told.push_token_file is None


def test_a_device_is_called_as_it_was_told() -> None:
    environment = {"HEMATOVISION_PUSH_NAME": "Ward 7"}
    assert parse_args([], environment).push_name == "Ward 7"
    assert parse_args(["--push-name", " Bench  2"], environment).push_name == "Bench 2"
    assert parse_args([], {"HEMATOVISION_PUSH_NAME": ""}).push_name is None
    for wrong in ("W" * 81, "a\nb", "---"):
        with pytest.raises(SystemExit):
            parse_args([], {"HEMATOVISION_PUSH_NAME": wrong})


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HEMATOVISION_PUSH": "https://lab"}, "https://lab needs a token to send records"),
        ({"HEMATOVISION_PUSH": "https://a..b", "HEMATOVISION_PUSH_TOKEN": "x"}, "is no address"),
        ({"HEMATOVISION_PUSH": "http://lab", "HEMATOVISION_PUSH_TOKEN": "x"}, "write https://"),
        (
            {"HEMATOVISION_PUSH": "https://lab", "HEMATOVISION_PUSH_TOKEN_FILE": "/nowhere"},
            "the token in /nowhere cannot be read",
        ),
    ],
)
def test_a_mistake_is_one_line(
    environment: dict[str, str],
    said: str,
    bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["--data", str(tmp_path), "--model", str(bundle), "--port", "0"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_backup_says_how_a_server_is_kept_safe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://ada:secret@lab/blood"
    for word in ("backup", "restore"):
        arguments = [word, "--data", str(tmp_path), "--database", url, str(tmp_path / "file.zip")]
        assert maintenance.main(arguments, "hematovision") == 2
        said = capsys.readouterr().err
        assert "save it with pg_dump" in said
        assert f"copy {tmp_path / 'pictures'}" in said
        assert "secret" not in said
    assert list(tmp_path.iterdir()) == []


def test_the_trail_of_a_server_is_verified(
    postgresql_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["audit", "verify", "--data", str(tmp_path), "--database", postgresql_url]
    assert maintenance.main(arguments, "hematovision") == 0
    assert "the trail is whole: 0 entries" in capsys.readouterr().out


def test_a_server_of_another_certificate_is_told_nothing(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with answering(app, tls=context) as url:
        assert url.startswith("https://")
        server = LaboratoryServer(url, TOKEN)
        with pytest.raises(PushError, match=r"is not reached: .*CERTIFICATE_VERIFY_FAILED"):
            server.send(RECORD)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        with pytest.raises(PushError, match=r"has not taken the record \(400\)"):
            server.send(RECORD)


def test_an_address_of_ipv6_needs_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[object]()

    def refuse(address: object, *_: object) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    for url in ("https://[2001:db8::5]", "http://[::1]", "https://[2001:db8::5]:8443"):
        with pytest.raises(PushError, match="is not reached"):
            LaboratoryServer(url, TOKEN).send(RECORD)
    assert asked == [("2001:db8::5", 443), ("::1", 80), ("2001:db8::5", 8443)]


def certificate(folder: Path) -> Path:
    """Make a key and a certificate that nobody has signed, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "laboratory")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "laboratory.pem"
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(pem))
    return file
