# SPDX-License-Identifier: EUPL-1.2
"""Parts of make_demo.py: pages, scans, letters, invoices, broken files."""
