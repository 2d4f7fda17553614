"""The page of the products."""

from __future__ import annotations

from certdesk.domain.products import PRODUCTS, Product, spelled
from tools.reference.markdown import page, table


def products_page() -> str:
    """List every product by its number."""
    return page(
        "Products",
        "What CreateCertificate takes as ProductId, and what replies show as PackageType. "
        "`certdesk products` prints the same list. DV orders need a proof of their names; OV and "
        "EV orders are also reviewed by a person, and some wait for a letter of confirmation "
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
