"""`certdesk products`: what can be ordered, by the vendor's numbers."""

from __future__ import annotations

import click

from certdesk.cli.common import as_json, desk_options
from certdesk.cli.printing import at_terminal, show, table
from certdesk.domain.values.products import PRODUCTS, Product, Sale, spelled
from certdesk.settings import Settings

COLUMNS = ("Id", "Name", "Names", "Sold for", "Letter")


@click.command()
@as_json
@desk_options
def products(settings: Settings, *, json_: bool) -> None:
    """List the products: a table at a terminal, JSON otherwise.

    Products are ordered with CreateCertificate, the free one with ApplyCertificate. Orders of those
    with a letter wait for a letter of confirmation (the setting vetting.letter_products).
    """
    letters = frozenset(settings.vetting_letter_products)
    listed = [PRODUCTS[number] for number in sorted(PRODUCTS)]
    if json_ or not at_terminal():
        show([_member(product, letter=product.number in letters) for product in listed])
    else:
        rows = (_row(product, letter=product.number in letters) for product in listed)
        table(COLUMNS, rows, nothing="No products.")


def _member(product: Product, *, letter: bool) -> dict[str, object]:
    return {
        "ProductId": product.number,
        "Name": product.name,
        "Brand": product.brand,
        "Level": product.level.value,
        "LeastNames": product.names[0],
        "MostNames": product.names[-1],
        "Wildcards": product.scope.wildcards,
        "SoldFor": product.term,
        "Letter": letter,
        "OrderedWith": product.sale.value,
    }


def _row(product: Product, *, letter: bool) -> tuple[str, ...]:
    return (
        str(product.number),
        product.name,
        spelled(product.names),
        _sold(product),
        "letter" if letter else "",
    )


def _sold(product: Product) -> str:
    """Return how long a product is sold for, or why it is not sold."""
    if product.sale is Sale.BOUGHT:
        return product.term
    return f"{product.term}, free" if product.sale is Sale.FREE else product.sale.value
