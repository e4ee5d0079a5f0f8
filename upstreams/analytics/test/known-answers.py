"""Computes known-answers.json from the CSV files with the standard library of Python alone.

An implementation of its own of every formula, against which the service is tested. Run from anywhere:
    python3 upstreams/analytics/test/known-answers.py
The tests read the JSON; they need no Python.
"""

import csv
import hashlib
import json
import math
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from oracle import Bar, correlation, details, grade, indicators, levels, metrics, prediction, signal

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
APPLE = ROOT / "node_modules/@observablehq/sample-datasets/aapl.csv"
COINS = HERE.parent / "data/daily"


def apple():
    with APPLE.open() as file:
        rows = list(csv.DictReader(file))
    return [Bar(r["Date"], r["Open"], r["High"], r["Low"], r["Close"], r["Adj Close"], r["Volume"]) for r in rows]


def coin(symbol):
    with (COINS / f"{symbol}.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [Bar(r["time"], r["open"], r["high"], r["low"], r["close"], r["close"], r["volume"]) for r in rows]


def row(bar):
    return {
        "date": bar.day,
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "adj_close": bar.adjusted,
        "volume": bar.volume,
    }


def span(bars, start, end):
    part = [bar for bar in bars if start <= bar.day <= end]
    return {"from": start, "to": end, "total": len(part), "first": row(part[0]), "last": row(part[-1])}


SUPPLY = {
    "ADA": 35.7e9, "AVAX": 394e6, "BNB": 147e6, "BTC": 19.7e6, "DOGE": 144e9, "DOT": 1.44e9,
    "ETH": 120e6, "LINK": 587e6, "LTC": 74.5e6, "SOL": 449e6, "TMAI": 4.6e9, "XRP": 55.3e9,
}  # fmt: skip


def main():
    aapl = apple()
    coins = {symbol: coin(symbol) for symbol in SUPPLY}
    days = len(coins["BTC"])
    totals = [math.fsum(coins[s][i].close * supply for s, supply in SUPPLY.items()) for i in range(days)]
    windows = ("30d", "90d", "1y")
    upto = lambda day: [bar for bar in aapl if bar.day <= day]
    answers = {
        "source": {"file": APPLE.name, "sha256": hashlib.sha256(APPLE.read_bytes()).hexdigest()},
        "ohlcv": {
            "all": span(aapl, "2013-05-13", "2018-05-11"),
            "2016": span(aapl, "2016-01-01", "2016-12-31"),
            "weekend": span(aapl, "2018-05-05", "2018-05-08"),
        },
        "metrics": {w: metrics(aapl, w, 0, 252) for w in windows},
        "metrics_risk_free_2pc": {w: metrics(aapl, w, 0.02, 252) for w in windows},
        "metrics_btc": {w: metrics(coins["BTC"], w, 0, 365) for w in windows},
        "indicators": {day: indicators(upto(day)) for day in ("2014-06-30", "2016-06-30", "2018-05-11")},
        "signal": signal(aapl),
        "correlation": {
            w: {
                **{f"AAPL-{s}": correlation(aapl, bars, w, aapl[-1].day) for s, bars in coins.items()},
                "BTC-ETH": correlation(coins["BTC"], coins["ETH"], w, aapl[-1].day),
            }
            for w in windows
        },
        "levels": levels(aapl),
        "levels_btc": levels(coins["BTC"]),
        "grade": grade(aapl),
        "details": details(aapl),
        "prediction": {s: prediction(coins[s], totals) for s in ("BTC", "TMAI", "XRP")},
    }
    (HERE / "known-answers.json").write_text(json.dumps(answers, indent=2) + "\n")


main()
