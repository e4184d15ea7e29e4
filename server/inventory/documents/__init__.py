"""Inventories as documents: CycloneDX 1.7, 1.6 and 1.5, and SPDX 2.3, written piece by piece.

A writer gets the rows one by one, and then knows which algorithms are used. So keys come first in its lists, algorithms
behind them, and references at the end. Two documents of the same state differ in serial number and time alone.

CycloneDX 1.5 and SPDX 2.3 have no cryptographic assets: there, keys, algorithms, certificates and protocols are
components of type ``data``, or packages, with the same properties.
"""
