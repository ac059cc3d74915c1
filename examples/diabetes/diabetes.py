"""How will the disease progress in a year? A script that grew over a few afternoons."""

import json
import logging

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, train_test_split

logging.basicConfig(level=logging.WARNING)

FOLDS = 4
TARGET = "target"
BLOOD = ["s1", "s2", "s3", "s4", "s5", "s6"]


# ---- Data ----
patients = pd.read_csv("patients.csv")
print(len(patients), "patients")


def body_class(bmi):
    if bmi < 18.5:
        return "under"
    if bmi < 25:
        return "normal"
    return "over"


def winsorize(frame, columns, low=0.01, high=0.99):
    """Pull the outliers in, in place."""
    for column in columns:
        lower, upper = frame[column].quantile([low, high])
        frame[column] = frame[column].clip(lower, upper)


# ---- Features ----
winsorize(patients, BLOOD)
patients["body"] = patients["bmi"].map(body_class)
patients["cholesterol_ratio"] = patients["s1"] / patients["s3"]
table = pd.get_dummies(patients, columns=["body", "sex"])

# ---- Split ----
X = table.drop(columns=[TARGET])
y = table[TARGET]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=1)

# ---- Linear model ----
search = GridSearchCV(Ridge(), {"alpha": [0.01, 0.1, 1.0, 10.0]}, cv=FOLDS)
search.fit(X_train, y_train)
print("best alpha", search.best_params_["alpha"])

# ---- Boosting ----
boosting = GradientBoostingRegressor(n_estimators=120, learning_rate=0.05, subsample=0.8)
boosting.fit(X_train, y_train)

# ---- Scores ----
scores = {}
for name, model in [("ridge", search.best_estimator_), ("boosting", boosting)]:
    predicted = model.predict(X_test)
    scores[name] = {
        "mae": round(float(mean_absolute_error(y_test, predicted)), 3),
        "r2": round(float(r2_score(y_test, predicted)), 3),
    }
    print(name, scores[name])

importance = pd.Series(boosting.feature_importances_, index=X.columns)
print(importance.sort_values(ascending=False).head(5).round(3).to_string())

if __name__ == "__main__":
    with open("scores.json", "w") as file:
        json.dump(scores, file, indent=1)
    worst = np.argmax(np.abs(y_test - boosting.predict(X_test)))
    print("hardest patient", int(X_test.index[worst]))
