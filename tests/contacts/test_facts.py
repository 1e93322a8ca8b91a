"""What a text says of itself, in Chinese and English; hostile texts included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken import normalize
from honeytoken.contacts.facts import MAX_TEXT, MOST, about_number, extract
from honeytoken.messages import use
from honeytoken.models import Facts


def _facts(text: str, region: str = "CN") -> Facts:
    return extract(None, text, region=region)


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("【圆满速递】您的快件已到", "圆满速递"),
        ("  【圆满速递】您的快件已到", "圆满速递"),
        ("您的快件已到【圆满速递】", "圆满速递"),
        ("您的快件已到【圆满速递】\n", "圆满速递"),
        ("【Ｎｏｒｔｈ】到了", "North"),
        ("【圆\u200b满速递】到了", "圆满速递"),
        ("您的【快件】已到", None),
        ("【】到了", None),
        ("【" + "长" * 41 + "】到了", None),
        ("[North] arrived", None),
    ],
)
def test_the_signature_stands_first_or_last(text: str, signature: str | None) -> None:
    assert _facts(text).signature == signature


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("请点击http://t.cn/A6xyz查看", ("http://t.cn/A6xyz",)),
        ("点 dwz.cn/abc 领取", ("dwz.cn/abc",)),
        ("点击t。cn/abc,或ｗｗｗ．ｙｔ０．ｃｏｍ", ("t。cn/abc", "www.yt0.com")),
        ("详见 https://例子.中国/路", ("https://例子.中国/",)),
        ("Pay (https://nb.example/pay?x=1&y=(2)).", ("https://nb.example/pay?x=1&y=(2)",)),
        ("See northbound.example, or NB.CO.UK.", ("northbound.example", "NB.CO.UK")),
        ("hxxp://bad.example and bad.zz/x", ("hxxp://bad.example", "bad.zz/x")),
        ("mail a@b.com", ()),
        ("3.5kg v1.2 e.g. arrived.Please wait", ()),
        ("到了。请取件。谢谢", ()),
        ("t.cn/a t.cn/a", ("t.cn/a",)),
    ],
)
def test_links_are_found_with_and_without_a_scheme(text: str, links: tuple[str, ...]) -> None:
    assert _facts(text).links == links


@pytest.mark.parametrize(
    ("text", "region", "numbers"),
    [
        ("电话15400000001,请接听", "CN", ("+8615400000001",)),
        ("电话154 0000 0001", "CN", ("+8615400000001",)),
        ("15400000001", "CN", ("+8615400000001",)),
        ("+86 154-0000-0001", "CN", ("+8615400000001",)),
        ("回电１５４００００００１２", "CN", ("+8615400000012",)),
        ("热线400-123-4567或4001234568", "CN", ("+864001234567", "+864001234568")),
        ("请致电95338", "CN", ("95338",)),
        ("座机010-62345678", "CN", ("+861062345678",)),
        ("订单号15400000001已发货", "CN", ()),
        ("运单YT15400000001", "CN", ()),
        ("验证码 958881", "CN", ()),
        ("验证码95338,如有疑问请联系95339", "CN", ("95339",)),
        ("取件码8-2-3045", "CN", ()),
        ("金额15400000001", "CN", ()),
        ("尾号138****1234", "CN", ()),
        ("单号 154000000011234567", "CN", ()),
        ("http://t.cn/15400000001", "CN", ()),
        ("Call 07700 900123", "GB", ("+447700900123",)),
        ("Ring +44 7700 900123 now", "CN", ("+447700900123",)),
        ("020 7946 0018", "GB", ("+442079460018",)),
        ("contact us: (202) 555-0123", "US", ("+12025550123",)),
        ("order 202-555-0123", "US", ()),
        ("Your code is 07700 900123", "GB", ()),
        ("arrives 2026-11-22 18:30", "US", ()),
        ("server 192.168.100.200", "US", ()),
        ("pay $2025550123", "US", ()),
        ("tracking 2025550123", "US", ()),
    ],
)
def test_numbers_to_ring_back_are_told_from_codes_and_orders(
    text: str, region: str, numbers: tuple[str, ...]
) -> None:
    assert _facts(text, region).call_back_numbers == numbers


def test_numbers_have_the_form_of_senders() -> None:
    """A number to ring back and a caller compare as equal."""
    for text in ("电话15400000001", "热线400-123-4567", "请致电95338", "座机010-62345678"):
        (number,) = _facts(text).call_back_numbers
        assert normalize.sender(text[2:].removeprefix("电"), region="CN") == number


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("尊敬的王先生,您好", ("王先生",)),
        ("尊敬的王明女士", ("王明",)),
        ("王明您好,您的快件", ("王明",)),
        ("【圆满速递】王明,您好", ("王明",)),
        ("收件人:王*明 电话", ("王*明",)),
        ("收货人：欧阳明月,地址", ("欧阳明月",)),
        ("尊敬的顾客您好", ()),
        ("尊敬的客户,您好", ()),
        ("亲,您好", ()),
        ("高级会员您好", ()),
        ("快递员您好", ()),
        ("Dear Mr Smith, your parcel", ("Mr Smith",)),
        ("Hi Emma, your parcel", ("Emma",)),
        ("Dear Emma Clarke:\nyour parcel", ("Emma Clarke",)),
        ("Sehr geehrter Herr Müller,", ("Herr Müller",)),
        ("山田様、お荷物です", ("山田",)),
        ("お客様へ", ()),
        ("Dear Customer, hello", ()),
        ("Hi there, hello", ()),
        ("Hello World from us", ()),
    ],
)
def test_people_are_named_conservatively(text: str, people: tuple[str, ...]) -> None:
    assert _facts(text, "GB").people == people


@pytest.mark.parametrize(
    ("text", "region", "amounts"),
    [
        ("赔付3000元", "CN", ("3000.00 CNY",)),
        ("￥3,000.00", "CN", ("3000.00 CNY",)),
        ("¥3000", "JP", ("3000.00 JPY",)),
        ("额度3万元", "CN", ("30000.00 CNY",)),
        ("最高20万", "CN", ("200000.00 CNY",)),
        ("5.5万额度", "CN", ("55000.00 CNY",)),
        ("3万人已领", "CN", ()),
        ("圆满速递,元旦快乐,12月1日", "CN", ()),
        ("RMB 88.8 或 100美元", "CN", ("88.80 CNY", "100.00 USD")),
        ("a fee of £1.99", "GB", ("1.99 GBP",)),
        ("win $1,000 now, or $2.5k", "US", ("1000.00 USD", "2500.00 USD")),
        ("$5", "AU", ("5.00 AUD",)),
        ("HK$20, US$30", "CN", ("20.00 HKD", "30.00 USD")),
        ("1.500,00 €", "DE", ("1500.00 EUR",)),
        ("20 pounds", "GB", ("20.00 GBP",)),
        ("1,2,3,4元", "CN", ()),
    ],
)
def test_sums_of_money_are_put_in_one_form(
    text: str, region: str, amounts: tuple[str, ...]
) -> None:
    assert _facts(text, region).amounts == amounts


def test_a_mails_subject_counts_and_nothing_said_is_nothing_found() -> None:
    found = extract("Dear Mr Smith,", "ring 07700 900123", region="GB")
    assert (found.people, found.call_back_numbers) == (("Mr Smith",), ("+447700900123",))
    assert extract(None, None, region="GB") == extract("", "", region="CN") == Facts()


@given(
    st.text(max_size=400)
    | st.text(alphabet="1 -+().电话元万￥$.。/:htpMrDea王先生您好【】,，A\u200b１", max_size=400),
    st.sampled_from(["CN", "GB", "US", "JP", "DE"]),
)
def test_any_text_has_facts_within_bounds(text: str, region: str) -> None:
    found = extract(text[:50], text, region=region)
    for several in (found.links, found.call_back_numbers, found.people, found.amounts):
        assert len(several) == len(set(several)) <= MOST
    for number in found.call_back_numbers:
        assert normalize.sender(number, region=region) == number or number.isdigit()
    for amount in found.amounts:
        value, currency = amount.split(" ")
        assert float(value) >= 0
        assert len(currency) == 3


@pytest.mark.parametrize(
    "unit",
    [
        *("1", "1 ", "a.", "a。", "http://", "【", "王", "王先生", "Dear A A ", "A ", "1元", "1,"),
        *("1,111", "电话13800138000", "ﷺ０", "1-", "(0", "a-", "Mr A", "call 07700 900123 "),
        *("收件人:王", "http://a)", "様王", "王王您好", "+1 ", "￥1", " ", "\u200b", "@a.b"),
    ],
)
@pytest.mark.parametrize("region", ["CN", "GB"])
def test_hostile_length_is_read_in_bounded_steps(unit: str, region: str) -> None:
    """64 KB that would take hours if a pattern were to try every way of splitting it."""
    found = extract(unit[:30], (unit * MAX_TEXT)[: 2 * MAX_TEXT], region=region)
    assert len(found.links) <= MOST


def test_what_the_numbering_plans_say_of_a_number() -> None:
    found = about_number("010 6234 5678", region="CN")
    assert (found["type"], found["region"], found["place"]) == ("fixed line", "CN", "Beijing")
    assert about_number("800 810 1234", region="CN")["type"] == "toll free"
    assert about_number("0900 123 4567", region="US").get("type") in (None, "premium rate")
    assert about_number("95338", region="CN") == {}
    use("zh_CN")
    assert about_number("010 6234 5678", region="CN")["place"] == "北京市"
