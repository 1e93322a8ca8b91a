"""Schema, migrations, transactions; one module per aggregate. SQLite and PostgreSQL.

A :class:`Store` hands out transactions; the modules (``channels``, ``contact_points``,
``canaries``, ``placements``, ``contacts``, ``ledger``, ``evidence``) are functions of a transaction
that take and give records. Sealing and blind indexes happen here, so that nothing above can write a
personal value in plain by accident.
"""

from .transaction import Store, Transaction

__all__ = ["Store", "Transaction"]
