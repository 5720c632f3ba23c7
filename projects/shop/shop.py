from flowforge_assets import BadRows, Bronze, Col, Frame, Gold, Rows, Silver, asset, check, col, key


class RawOrders(Bronze):
    order_id: Col[int] = col()
    country: Col[str] = col()
    price_eur: Col[float] = col()


class Orders(Silver):
    order_id: Col[int] = key()
    country: Col[str] = col(regex="[A-Z]{2}")
    price_eur: Col[float] = col(gt=0, unit="EUR")


class Sales(Gold):
    country: Col[str] = key()
    total_eur: Col[float] = col(unit="EUR")


@asset
def raw_orders() -> Rows[RawOrders]:
    for number, (country, price) in enumerate([("ch", 19.9), ("de", 5.0), ("ch", 7.5)], start=1):
        yield RawOrders(order_id=number, country=country, price_eur=price)


@asset
def clean_orders(raw: Frame[RawOrders]) -> Frame[Orders]:
    return raw.with_columns(country=RawOrders.country.str.to_uppercase())


@asset
def sales(orders: Frame[Orders]) -> Frame[Sales]:
    return orders.group_by("country").agg(total_eur=Orders.price_eur.sum()).sort("country")


@check
def no_order_is_huge(orders: Frame[Orders]) -> BadRows[Orders]:
    return orders.filter(Orders.price_eur > 1_000)
