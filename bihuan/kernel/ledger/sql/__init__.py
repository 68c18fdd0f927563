"""The ledger's longer statements, one a file, named after what they do."""

from bihuan.kernel.postgres import statements

statement = statements(__name__)
