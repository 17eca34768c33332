"""Reference models for `npm run eval -- lead-scoring`.

Reads {numeric, categorical, train, test} as JSON from stdin; train and test are {rows, won}, a row maps a
column to text or null. Prints {"logistic": [...], "boosting": [...]}: the chance of winning per test row.
"""

import json
import sys

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

SEED = 0
# HistGradientBoosting takes at most this many levels per categorical column.
LEVELS_MAX = 254


def number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def matrix(rows, numeric, categorical):
    table = np.empty((len(rows), len(numeric) + len(categorical)), dtype=object)
    for at, row in enumerate(rows):
        table[at] = [number(row[name]) for name in numeric] + [
            "(missing)" if row[name] is None else row[name] for name in categorical
        ]
    return table


def logistic(numbers, levels):
    return make_pipeline(
        ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
                ("levels", OneHotEncoder(handle_unknown="ignore"), levels),
            ]
        ),
        LogisticRegression(max_iter=2000, random_state=SEED),
    )


def boosting(numbers, levels):
    return make_pipeline(
        ColumnTransformer(
            [
                ("numbers", "passthrough", numbers),
                (
                    "levels",
                    OrdinalEncoder(
                        handle_unknown="use_encoded_value",
                        unknown_value=np.nan,
                        max_categories=LEVELS_MAX,
                    ),
                    levels,
                ),
            ]
        ),
        HistGradientBoostingClassifier(
            categorical_features=[at >= len(numbers) for at in range(len(numbers) + len(levels))],
            random_state=SEED,
        ),
    )


def main():
    task = json.load(sys.stdin)
    numeric, categorical = task["numeric"], task["categorical"]
    numbers = list(range(len(numeric)))
    levels = list(range(len(numeric), len(numeric) + len(categorical)))
    train, test = (matrix(task[part]["rows"], numeric, categorical) for part in ("train", "test"))
    won = np.array(task["train"]["won"])
    result = {
        name: make(numbers, levels).fit(train, won).predict_proba(test)[:, 1].tolist()
        for name, make in (("logistic", logistic), ("boosting", boosting))
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
