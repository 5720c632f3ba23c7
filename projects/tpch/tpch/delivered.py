"""What the generator delivers: a Parquet file a table, with the columns of the specification."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flowforge_assets import Bronze, Col, Int32, col, external


class Region(Bronze):
    """Parts of the world."""

    r_regionkey: Col[int] = col()
    r_name: Col[str] = col()
    r_comment: Col[str] = col()


class Nation(Bronze):
    """Countries, each in a region."""

    n_nationkey: Col[int] = col()
    n_name: Col[str] = col()
    n_regionkey: Col[int] = col()
    n_comment: Col[str] = col()


class Supplier(Bronze):
    """Those who deliver parts."""

    s_suppkey: Col[int] = col()
    s_name: Col[str] = col()
    s_address: Col[str] = col()
    s_nationkey: Col[int] = col()
    s_phone: Col[str] = col()
    s_acctbal: Col[Decimal] = col(precision=15, scale=2)
    s_comment: Col[str] = col()


class Customer(Bronze):
    """Those who order."""

    c_custkey: Col[int] = col()
    c_name: Col[str] = col()
    c_address: Col[str] = col()
    c_nationkey: Col[int] = col()
    c_phone: Col[str] = col()
    c_acctbal: Col[Decimal] = col(precision=15, scale=2)
    c_mktsegment: Col[str] = col()
    c_comment: Col[str] = col()


class Part(Bronze):
    """What is sold."""

    p_partkey: Col[int] = col()
    p_name: Col[str] = col()
    p_mfgr: Col[str] = col()
    p_brand: Col[str] = col()
    p_type: Col[str] = col()
    p_size: Col[Int32] = col()
    p_container: Col[str] = col()
    p_retailprice: Col[Decimal] = col(precision=15, scale=2)
    p_comment: Col[str] = col()


class PartSupp(Bronze, name="partsupp"):
    """Which supplier has which part, and at what cost."""

    ps_partkey: Col[int] = col()
    ps_suppkey: Col[int] = col()
    ps_availqty: Col[Int32] = col()
    ps_supplycost: Col[Decimal] = col(precision=15, scale=2)
    ps_comment: Col[str] = col()


class Orders(Bronze):
    """Orders, each of a customer."""

    o_orderkey: Col[int] = col()
    o_custkey: Col[int] = col()
    o_orderstatus: Col[str] = col()
    o_totalprice: Col[Decimal] = col(precision=15, scale=2)
    o_orderdate: Col[date] = col()
    o_orderpriority: Col[str] = col()
    o_clerk: Col[str] = col()
    o_shippriority: Col[Int32] = col()
    o_comment: Col[str] = col()


class LineItem(Bronze, name="lineitem"):
    """The lines of orders."""

    l_orderkey: Col[int] = col()
    l_partkey: Col[int] = col()
    l_suppkey: Col[int] = col()
    l_linenumber: Col[Int32] = col()
    l_quantity: Col[Decimal] = col(precision=15, scale=2)
    l_extendedprice: Col[Decimal] = col(precision=15, scale=2)
    l_discount: Col[Decimal] = col(precision=15, scale=2)
    l_tax: Col[Decimal] = col(precision=15, scale=2)
    l_returnflag: Col[str] = col()
    l_linestatus: Col[str] = col()
    l_shipdate: Col[date] = col()
    l_commitdate: Col[date] = col()
    l_receiptdate: Col[date] = col()
    l_shipinstruct: Col[str] = col()
    l_shipmode: Col[str] = col()
    l_comment: Col[str] = col()


external(Region, at="delivered/region.parquet")
external(Nation, at="delivered/nation.parquet")
external(Supplier, at="delivered/supplier.parquet")
external(Customer, at="delivered/customer.parquet")
external(Part, at="delivered/part.parquet")
external(PartSupp, at="delivered/partsupp.parquet")
external(Orders, at="delivered/orders.parquet")
external(LineItem, at="delivered/lineitem.parquet")
