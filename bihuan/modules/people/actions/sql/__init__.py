"""Longer statements of the register's writes."""

from bihuan.kernel.postgres import statements

statement = statements(__name__)
