from __future__ import annotations

from dataclasses import fields, replace

import pytest

from honeytoken import documents
from honeytoken.errors import InvalidInput
from honeytoken.models import Address, Canary, DocumentKind, Identity

WAYBILL, LOAN_FORM = DocumentKind.WAYBILL, DocumentKind.LOAN_FORM


def without(canary: Canary, field: str) -> Canary:
    left = {f.name: getattr(canary.identity, f.name) for f in fields(Identity)}
    return replace(canary, identity=Identity(**left | {field: None}))


def test_chinese_waybill_is_what_an_order_template_wants(chinese: Canary) -> None:
    assert documents.row(WAYBILL, chinese, language="zh_CN", reference="A-1001") == {
        "订单号": "A-1001",
        "收件人": "陈志远",
        "手机": "15412345678",
        "省": "浙江省",
        "市": "杭州市",
        "区县": "西湖区",
        "详细地址": "文三路12号柳岸小区3幢2单元502室",
        "物品": "",
        "数量": "",
        "备注": "",
    }


def test_british_waybill_has_the_national_number_and_the_postcode(british: Canary) -> None:
    row = documents.row(WAYBILL, british, language="en", reference=None)
    assert row["Order number"] == ""
    assert row["Recipient"] == "Emma Clarke"
    assert row["Phone"] == "07700 900123"
    assert (row["Address"], row["City"]) == ("Flat 7, 12 Baker Street", "Leeds")
    assert (row["Postcode"], row["Country"]) == ("LS1 1AA", "GB")


def test_chinese_loan_form_says_sex_and_birth_date(chinese: Canary) -> None:
    row = documents.row(LOAN_FORM, chinese, language="zh_CN", reference="B7")
    assert (row["申请编号"], row["姓名"], row["性别"]) == ("B7", "陈志远", "男")
    assert (row["手机号"], row["出生日期"]) == ("15412345678", "1988-03-12")
    assert (row["邮箱"], row["市"]) == ("chenzy804417@post.example", "杭州市")


def test_loan_form_without_address_or_mail_leaves_them_empty(british: Canary) -> None:
    poor = without(without(without(british, "address"), "email"), "birthdate")
    row = documents.row(LOAN_FORM, without(poor, "gender"), language="en", reference=None)
    assert (row["Full name"], row["Phone"]) == ("Emma Clarke", "07700 900123")
    assert {row[h] for h in ("Address", "City", "E-mail", "Gender", "Date of birth")} == {""}


@pytest.mark.parametrize("language", documents.LANGUAGES)
@pytest.mark.parametrize("document", [WAYBILL, LOAN_FORM])
def test_cells_stand_in_the_order_of_the_headers(
    document: DocumentKind, language: str, chinese: Canary, british: Canary
) -> None:
    for canary in (chinese, british):
        row = documents.row(document, canary, language=language, reference=None)
        assert tuple(row) == documents.headers(document, language=language)
        assert all(isinstance(cell, str) for cell in row.values())


@pytest.mark.parametrize("document", [WAYBILL, LOAN_FORM])
def test_required_fields_are_fields_of_an_identity(document: DocumentKind) -> None:
    assert set(documents.required(document)) <= {field.name for field in fields(Identity)}


@pytest.mark.parametrize("field", ["phone_number", "address"])
def test_missing_field_is_named_and_nothing_personal_is(chinese: Canary, field: str) -> None:
    with pytest.raises(InvalidInput, match=field) as caught:
        documents.row(WAYBILL, without(chinese, field), language="zh_CN", reference=None)
    assert "陈志远" not in str(caught.value)
    assert "15412345678" not in str(caught.value)


@pytest.mark.parametrize("document", [DocumentKind.VISIT, DocumentKind.OTHER])
def test_visit_has_no_rows(document: DocumentKind, chinese: Canary) -> None:
    with pytest.raises(InvalidInput):
        documents.row(document, chinese, language="en", reference=None)
    with pytest.raises(InvalidInput):
        documents.required(document)


def test_unknown_language_is_refused(chinese: Canary) -> None:
    with pytest.raises(InvalidInput):
        documents.row(WAYBILL, chinese, language="fr", reference=None)


@pytest.mark.parametrize("reference", ["a\nb", "a\x00", "\ud800", "\u202eevil"])
def test_reference_with_control_characters_is_refused(chinese: Canary, reference: str) -> None:
    with pytest.raises(InvalidInput):
        documents.row(WAYBILL, chinese, language="en", reference=reference)


def test_no_header_asks_for_an_id_card_a_bank_card_or_a_waybill_number() -> None:
    for document in (WAYBILL, LOAN_FORM):
        for language in documents.LANGUAGES:
            text = " ".join(documents.headers(document, language=language)).casefold()
            assert not any(
                word in text for word in ("身份证", "银行卡", "运单", "快递单", "card", "ssn")
            )


@pytest.mark.parametrize(
    ("region", "locality", "city", "county"),
    [
        ("浙江省", "杭州市西湖区", "杭州市", "西湖区"),
        ("湖北省", "荆州市沙市区", "荆州市", "沙市区"),
        ("湖南省", "常德市津市市", "常德市", "津市市"),
        ("吉林省", "延边朝鲜族自治州延吉市", "延边朝鲜族自治州", "延吉市"),
        ("内蒙古自治区", "锡林郭勒盟锡林浩特市", "锡林郭勒盟", "锡林浩特市"),
        ("新疆维吾尔自治区", "阿克苏地区阿克苏市", "阿克苏地区", "阿克苏市"),
        ("北京市", "朝阳区", "北京市", "朝阳区"),
        ("北京", "北京市朝阳区", "北京市", "朝阳区"),
        ("上海市", "市辖区浦东新区", "上海市", "浦东新区"),
        ("重庆市", "重庆市县城口县", "重庆市", "城口县"),
        ("湖北省", "省直辖县级行政区划仙桃市", "仙桃市", ""),
        ("广东省", "东莞市", "东莞市", ""),
        ("浙江省", "西湖区", "", "西湖区"),
    ],
)
def test_locality_is_split_into_city_and_county(
    chinese: Canary, region: str, locality: str, city: str, county: str
) -> None:
    address = Address(f"{region}{locality}某路1号", "某路1号", locality, region, "", "CN")
    canary = replace(chinese, identity=replace(chinese.identity, address=address))
    row = documents.row(WAYBILL, canary, language="zh_CN", reference=None)
    assert (row["市"], row["区县"]) == (city, county)


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("+447700900123", "+44 7700 900123"),
        ("not E.164", "not E.164"),
    ],
)
def test_number_is_printed_as_the_country_of_the_address_reads_it(
    chinese: Canary, number: str, printed: str
) -> None:
    canary = replace(chinese, identity=replace(chinese.identity, phone_number=number))
    assert documents.row(WAYBILL, canary, language="zh_CN", reference=None)["手机"] == printed
