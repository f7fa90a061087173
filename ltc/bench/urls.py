"""All addresses of the product, and the bare pages it is compared with."""

from django.urls import path

from ltc import urls
from ltc.bench import bare

urlpatterns = [path("bench/html-50/", bare.html_50), path("bench/drf-50/", bare.drf_50), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
