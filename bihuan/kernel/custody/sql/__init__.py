"""Custody's longer reads, one a file, named after what they give."""

from bihuan.kernel.postgres import statements

statement = statements(__name__)
