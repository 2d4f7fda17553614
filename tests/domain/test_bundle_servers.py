"""A real server with the files of a zip, and a client that trusts the root of it alone."""

from __future__ import annotations

import io
import ssl
import zipfile
from pathlib import Path

import pytest

from certdesk.domain.delivery import bundles
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from tests import chains, nginx, programs
from tests.deliveries import delivery

# Certificate and key, by the zip that they are in.
FILES = {
    "whole": ("Nginx/1_{}_bundle.crt", "Nginx/2_{}.key"),
    "nginx": ("{0}_nginx/{0}_bundle.crt", "{0}_nginx/{0}.key"),
    "other": ("{0}_other/{0}.pem", "{0}_other/{0}.key"),
}
HOSTS = {
    "www.example.com": "www.example.com",
    "*.example.com": "anything.example.com",
    "bücher.example.com": "xn--bcher-kva.example.com",
    "a" * 52 + ".example.com": "a" * 52 + ".example.com",
}


def configured(given_out: bundles.Delivery, zipped: str, folder: Path) -> int:
    """Unpack a zip, configure nginx with it, and give the port that it will listen at."""
    whole = zipped == "whole"
    data = bundles.whole_zip(given_out) if whole else bundles.server_zip(given_out, zipped).data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    stem = bundles.file_stem(given_out)
    certificate, key = (folder / name.format(stem) for name in FILES[zipped])
    return nginx.configure(folder, certificate, key)


@pytest.mark.needs("nginx")
@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        *((domain, KeyKind.P_256) for domain in HOSTS),
        ("*.example.com", KeyKind.RSA_2048),
        ("*.example.com", KeyKind.RSA_4096),
    ],
)
@pytest.mark.parametrize("zipped", FILES)
def test_nginx_serves_what_is_in_a_zip_to_a_client_that_trusts_its_root(
    zipped: str, domain: str, kind: KeyKind, tmp_path: Path
) -> None:
    """Certificate and key fit, and the chain leads from the name to the root."""
    given_out = delivery(domain, kind)
    port = configured(given_out, zipped, tmp_path)
    programs.run("nginx", "-t", *nginx.words(tmp_path))
    trust = ssl.create_default_context(cadata=chains.pem(chains.root().certificate))
    with (
        nginx.serving(tmp_path, port) as plain,
        trust.wrap_socket(plain, server_hostname=HOSTS[domain]) as secure,
    ):
        assert secure.getpeercert(binary_form=True) == given_out.leaf
        secure.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b" 204 " in secure.recv(64)


@pytest.mark.needs("nginx")
def test_nginx_refuses_the_files_where_a_key_is_exchanged(tmp_path: Path) -> None:
    """The test above can fail."""
    configured(delivery(), "whole", tmp_path)
    foreign = keys.private_key_pem(keys.generate(KeyKind.P_256))
    (tmp_path / "Nginx/2_www.example.com.key").write_bytes(foreign)
    with pytest.raises(AssertionError, match="key values mismatch"):
        programs.run("nginx", "-t", *nginx.words(tmp_path))
