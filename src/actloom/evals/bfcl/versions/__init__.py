"""What the versions of BFCL are: categories, columns, totals, published revisions."""
