"""Gives the requests that schemathesis makes up the credentials and ids of a real shop, so that most get past the doors."""

import json
import os
from random import Random

import schemathesis

with open(os.environ["SHOP"], encoding="utf-8") as file:
    SHOP = json.load(file)

RANDOM = Random(1)


def credentials(path):
    """Headers of a caller who may ask for `path`."""
    if path in ("/operations/status", "/operations/payment-components"):
        return {"Authorization": f"Bearer {SHOP['jwt']}"}
    if path.startswith("/operations/payment-intents") or path == "/operations/transactions":
        return {"Authorization": f"Bearer {SHOP['token']}"}
    if path in ("/express-config", "/applePayConfig"):
        return {}
    return {"X-Session-Id": RANDOM.choice(SHOP["checkouts"])["session"]}


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    # A few callers stay strangers; what schemathesis made up for them is sent as it is.
    if RANDOM.random() < 0.9:
        case.headers.update(credentials(path))
    if path == "/express-config" and RANDOM.random() < 0.7:
        case.headers["Origin"] = SHOP["origin"]
    checkout = RANDOM.choice(SHOP["checkouts"])
    if "id" in case.path_parameters and RANDOM.random() < 0.7:
        case.path_parameters["id"] = RANDOM.choice(SHOP["methods"]) if "stored" in path else checkout["payment"]
    body = case.body
    if not isinstance(body, dict):
        return
    if path == "/operations/transactions" and RANDOM.random() < 0.6:
        body.update({"cartId": checkout["cart"], "paymentMethodId": RANDOM.choice(SHOP["methods"])})
    if path.startswith("/confirmPayments") and RANDOM.random() < 0.7:
        case.path_parameters["id"] = checkout["payment"]
        case.headers["X-Session-Id"] = checkout["session"]
        body["paymentIntent"] = checkout["paymentIntent"]
    if path.startswith("/operations/payment-intents"):
        for action in body.get("actions") if isinstance(body.get("actions"), list) else []:
            if isinstance(action, dict) and isinstance(action.get("amount"), dict) and RANDOM.random() < 0.6:
                action["amount"] = {"centAmount": RANDOM.choice([1, 100, 2400]), "currencyCode": "EUR"}
