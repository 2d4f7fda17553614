"""The page of the products."""

from __future__ import annotations

from certdesk.domain.values.products import PRODUCTS, Product, spelled
from tools.reference.markdown import page, table


def products_page() -> str:
    """List every product by its number."""
    return page(
        "Products",
        "The values of `ProductId` in CreateCertificate and of `PackageType` in replies. "
        "`certdesk products` prints the same list. DV orders need the validation of their names. "
        "OV and EV orders also need a review, and some a letter of confirmation "
        "([`vetting.letter_products`](settings.md)).",
        table(
            ("Number", "Product", "Level", "Names", "Wildcards", "Sold for", "Ordered with"),
            [_row(PRODUCTS[number]) for number in sorted(PRODUCTS)],
        ),
    )


def _row(product: Product) -> tuple[str, ...]:
    return (
        str(product.number),
        product.name,
        product.level.value,
        spelled(product.names),
        "yes" if product.scope.wildcards else "no",
        product.term,
        product.sale.value,
    )
