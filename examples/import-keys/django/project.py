"""The least settings of a project, for the test."""

import os

SECRET_KEY = "of the test alone"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
INSTALLED_APPS = ["rest_framework", "rest_framework_api_key"]
USE_TZ = True
