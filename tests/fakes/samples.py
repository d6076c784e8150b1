"""Small services in four languages, as their repositories look."""

from collections.abc import Mapping

Files = Mapping[str, str]

PYTHON: Files = {
    "requirements.txt": "fastapi==0.115\nuvicorn==0.34\nprometheus-client==0.21\n-r requirements-test.txt\n",
    "requirements-test.txt": "pytest==8.3\n",
    "requirements-docs.txt": "sphinx\n",
    "alembic.ini": "[alembic]\n",
    "shop/__init__.py": "",
    "shop/main.py": (
        "from fastapi import FastAPI\n"
        "from prometheus_client import Counter, Histogram, make_asgi_app\n\n"
        'REQUESTS = Counter("shop_http_requests_total", "All.", ["status"])\n'
        'SECONDS = Histogram("shop_http_request_duration_seconds", "All.")\n'
        "app = FastAPI()\n"
        'app.mount("/internal/metrics", make_asgi_app())\n\n\n'
        '@app.get("/healthz")\ndef healthz():\n    return {}\n'
    ),
    "shop/price.py": "def double(price):\n    return price * 2\n",
    "tests/test_price.py": "from shop.price import double\n\n\ndef test_double():\n    assert double(2) == 4\n",
    "smoke/test_smoke.py": "def test_smoke():\n    pass\n",
}

DJANGO: Files = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["django", "gunicorn"]\n',
    "uv.lock": "version = 1\n",
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/wsgi.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/urls.py": 'urlpatterns = [path("health/", health), path("", include("django_prometheus.urls"))]\n',
    "orders/migrations/0001_initial.py": "from django.db import migrations\n",
    "orders/tests.py": "from django.test import TestCase\n",
}

NODE: Files = {
    "package.json": (
        '{"name": "shop", "type": "module", "scripts": {"start": "node server.js", "test": "node --test"},'
        ' "dependencies": {"express": "^4", "prom-client": "^15"}}\n'
    ),
    "package-lock.json": '{"lockfileVersion": 3}\n',
    "server.js": (
        'import express from "express";\nimport client from "prom-client";\n'
        'const requests = new client.Counter({ name: "http_requests_total", help: "All." });\n'
        "const app = express();\n"
        "app.get('/health', (request, response) => response.send('ok'));\n"
        "app.get('/metrics', async (request, response) => response.send(await client.register.metrics()));\n"
        "app.listen(process.env.PORT);\n"
    ),
    "price.js": "export const double = (price) => price * 2;\n",
    "price.test.js": (
        'import assert from "node:assert";\nimport test from "node:test";\nimport { double } from "./price.js";\n'
        'test("double", () => assert.equal(double(2), 4));\n'
    ),
    "knexfile.js": "export default {};\n",
}

GO: Files = {
    "go.mod": "module example.org/shop\n\ngo 1.23\n\nrequire github.com/prometheus/client_golang v1.20.0\n",
    "go.sum": "",
    "cmd/shop/main.go": (
        'package main\n\nimport (\n\t"net/http"\n\t"os"\n\n'
        '\t"github.com/prometheus/client_golang/prometheus/promhttp"\n)\n\n'
        "func main() {\n"
        '\thttp.HandleFunc("GET /readyz", ready)\n\thttp.HandleFunc("/livez", live)\n'
        '\thttp.Handle("/metrics", promhttp.Handler())\n'
        '\thttp.ListenAndServe(":"+os.Getenv("PORT"), nil)\n}\n'
    ),
    "cmd/tidy/main.go": "package main\n\nfunc main() {}\n",
    "price.go": "package shop\n",
    "migrations/00001_orders.sql": "-- +goose Up\nCREATE TABLE orders (id int);\n",
}

RUBY: Files = {
    "Gemfile": 'source "https://rubygems.org"\ngem "rails"\ngem "puma"\ngem "rspec-rails"\n',
    "Gemfile.lock": "GEM\n  specs:\n    rails (8.0.0)\n    puma (6.5.0)\n    rspec-rails (7.1.0)\n",
    ".rspec": "--require spec_helper\n",
    "config.ru": 'require "prometheus/middleware/collector"\nrun Rails.application\n',
    "config/routes.rb": 'Rails.application.routes.draw do\n  get "up" => "rails/health#show"\nend\n',
    "db/migrate/20260101000000_create_orders.rb": "class CreateOrders < ActiveRecord::Migration[8.0]\nend\n",
    "spec/price_spec.rb": "",
}
