"""Where alerts are not sent: the network the listener stands in."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken.notify import addresses
from honeytoken.notify.addresses import AddressRefused

PUBLIC = "93.184.216.34"
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.5", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
        *("127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192"),
        *("192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"),
        *("203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        "168.63.129.16",
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b:1::a00:5", "100::1", "2001::1", "2001:db8::1"),
        *("2002:7f00:1::", "2002:a00:5::1", "3fff::1", "5f00::1", "fc00::1"),
        *("fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    ],
)
def test_an_address_that_is_not_of_the_internet_is_refused(address: str) -> None:
    assert not addresses.is_public(ip_address(address))
    with pytest.raises(AddressRefused):
        addresses.checked(address, allowed=NONE, resolve=lambda _name: [])
    with pytest.raises(AddressRefused):
        addresses.checked("hook.example", allowed=NONE, resolve=lambda _name: [address])


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "172.32.0.1", "2606:4700::1111"])
def test_an_address_of_the_internet_is_used(address: str) -> None:
    assert addresses.checked("hook.example", allowed=NONE, resolve=lambda _n: [address]) == (
        address,
    )


@given(st.ip_addresses(v=4))
def test_what_python_holds_to_be_private_is_refused(address: object) -> None:
    found = ip_address(str(address))
    if not found.is_global or found.is_multicast or found.is_reserved:
        assert not addresses.is_public(found)


@given(st.ip_addresses(v=6))
def test_what_python_holds_to_be_private_is_refused_in_ipv6(address: object) -> None:
    found = ip_address(str(address))
    if not found.is_global or found.is_multicast or found.is_reserved:
        assert not addresses.is_public(found)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressRefused):
        addresses.checked("hook.example", allowed=NONE, resolve=lambda _n: [PUBLIC, "10.0.0.5"])


def test_a_name_is_resolved_once_and_its_addresses_are_what_is_connected_to() -> None:
    """A fake resolver, which answers with a public address first and a private one ever after."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    found = addresses.checked("hook.example", allowed=NONE, resolve=lambda _name: next(answers))
    assert found == (PUBLIC,)
    assert next(answers) == ["127.0.0.1"]


@pytest.mark.parametrize("allowed", ["hook.internal", "10.0.0.5"])
def test_a_private_host_may_be_allowed_by_name_or_address(allowed: str) -> None:
    found = addresses.checked(
        "hook.internal", allowed=frozenset({allowed}), resolve=lambda _name: ["10.0.0.5"]
    )
    assert found == ("10.0.0.5",)


def test_allowing_one_host_allows_no_other() -> None:
    with pytest.raises(AddressRefused):
        addresses.checked(
            "other.internal", allowed=frozenset({"10.0.0.6"}), resolve=lambda _n: ["10.0.0.5"]
        )


def test_localhost_is_refused_by_the_systems_own_resolver() -> None:
    for host in ("localhost", addresses.parse("http://LOCALHOST./").host):
        with pytest.raises(AddressRefused):
            addresses.checked(host, allowed=NONE, resolve=addresses.system_resolve)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://hook.example/", "file:///etc/passwd", "gopher://x.example", "hook.example", ""),
        *("https://", "https:///x", "https://:443/", "https://hook.example:0/"),
        *("https://hook.example:99999/", "https://hook.example:x/", "https://[::1/", "https://["),
        *("https://user:pw@hook.example/", "https://user@hook.example/", "https://@hook.example/"),
        *("http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/"),
        *("http://127.1/", "http://127.0.0.1.1/", "http://1.2.3.4.5/", "http://0/"),
        *("http://１２７.0.0.1/", "http://ⓛocalhost/", "http://hook.example\\@evil.example/"),
        *("http://hook.example\t/", "http://hook.example /", "http://hook.example\r\nx: y/"),
        *("http://-hook.example/", "http://ho ok.example/", "http://hook..example/"),
        *("http://" + "a" * 64 + ".example/", "http://" + "a." * 127 + "example/"),
        "http://hook%2eexample/",
    ],
)
def test_a_url_written_to_deceive_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\{key\}") as caught:
        addresses.parse(url)
    assert url == "" or url not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://hook.example/x?y", "hook.example", 443),
        ("http://Hook.Example.:8080/", "hook.example", 8080),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443),
        ("http://93.184.216.34", PUBLIC, 80),
        ("https://my_hook.xn--fiqs8s/", "my_hook.xn--fiqs8s", 443),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int) -> None:
    found = addresses.parse(url)
    assert (found.host, found.port) == (host, port)
    assert "hook" not in repr(found)


@given(st.text())
def test_any_text_is_a_url_or_refused_with_a_sentence(text: str) -> None:
    for url in (text, f"http://{text}/", f"https://hook.example{text}"):
        try:
            assert addresses.parse(url).host
        except ValueError as error:
            said = str(error)
        else:
            continue
        assert "{key}" in said
