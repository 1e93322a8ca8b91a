"""A shop's order pipeline with canaries among its orders. Run it: `python examples/shop.py`.

What stands between the two marks is the pipeline; the README shows the same lines. Below it is what
a shop has already, and here a vault in test mode in a temporary folder.
"""

# pipeline begins
from datetime import timedelta

from honeytoken import Identity, Vault


def canary_for(vault: Vault, order: str) -> Identity:
    """Plant a canary; for 5 days a call may be the rider's. Print the label after, not before."""
    canary = vault.mint(locale="en-GB", requires=("phone_number", "address"))
    vault.place(canary, "northbound", reference=order, expected_until=vault.clock() + timedelta(5))
    return canary.identity


def scanned(vault: Vault, order: str) -> None:
    """Count a parcel as exposed; for the orders of customers this does nothing."""
    vault.confirm(placement.id for placement in vault.placements.list(reference=order))


def is_customer(vault: Vault, phone: str) -> bool:
    """Tell a customer from a canary, where the pipeline holds the keys."""
    return not vault.is_canary(phone_number=phone, region="GB")


def revenue(paid: dict[str, int], references: set[str]) -> int:
    """Add up what customers paid; *references*, one a line: `honeytoken export references`."""
    return sum(amount for order, amount in paid.items() if order not in references)


# pipeline ends


def main() -> None:
    """Play one day: an order of a customer and a canary's."""
    import tempfile

    from honeytoken import Address

    street = Address(
        formatted="12 Acacia Avenue, Springfield, Kent AB1 2CD",
        street_address="12 Acacia Avenue",
        locality="Springfield",
        region="Kent",
        postal_code="AB1 2CD",
        country="GB",
    )
    with tempfile.TemporaryDirectory() as folder, Vault.create(folder, mode="test") as vault:
        vault.channels.add("northbound", kind="courier", expected_senders=["95338*"])
        vault.pool.add("phone_number", "+447700900123", region="GB", role="test")
        vault.pool.add("address", street.formatted, region="GB", address=street, role="test")

        label = canary_for(vault, "SO-1002")
        print("label of SO-1002:", label.locale, "name, phone number and address")
        for order in ("SO-1001", "SO-1002"):
            scanned(vault, order)
        print("exposed:", len(vault.placements.list(status="confirmed")))

        for order, phone in (("SO-1001", "07700 900900"), ("SO-1002", label.phone_number or "")):
            print(order, "customer" if is_customer(vault, phone) else "canary")
        paid = {"SO-1001": 25, "SO-1002": 30}
        print("revenue:", revenue(paid, set(vault.export_references())))


if __name__ == "__main__":
    main()
