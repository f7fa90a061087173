"""The tables of the ground floor, and the function that every search index stands on."""

import django.db.models.deletion
from django.db import migrations, models

from core.search import BIGRAMS_SQL, DROP_BIGRAMS_SQL


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunSQL(BIGRAMS_SQL, DROP_BIGRAMS_SQL),
        migrations.CreateModel(
            name='CalendarYear',
            fields=[
                ('year', models.PositiveSmallIntegerField(primary_key=True, serialize=False, verbose_name='year')),
                ('published', models.BooleanField(default=False, verbose_name='published')),
                ('source', models.CharField(blank=True, max_length=100, verbose_name='source')),
            ],
            options={
                'verbose_name': 'calendar year',
                'verbose_name_plural': 'calendar years',
                'ordering': ['-year'],
            },
        ),
        migrations.CreateModel(
            name='Sequence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100, unique=True, verbose_name='number range')),
                ('value', models.BigIntegerField(default=0, verbose_name='last number')),
            ],
            options={
                'verbose_name': 'number range',
                'verbose_name_plural': 'number ranges',
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='WorkingDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False, verbose_name='day')),
                ('is_working', models.BooleanField(verbose_name='working day')),
                ('note', models.CharField(blank=True, max_length=100, verbose_name='note')),
            ],
            options={
                'verbose_name': 'calendar day',
                'verbose_name_plural': 'calendar days',
                'ordering': ['-day'],
            },
        ),
        migrations.CreateModel(
            name='Currency',
            fields=[
                ('code', models.CharField(max_length=3, primary_key=True, serialize=False, verbose_name='code')),
                ('name', models.CharField(max_length=50, verbose_name='name')),
                ('digits', models.PositiveSmallIntegerField(default=2, verbose_name='decimal places')),
                ('is_base', models.BooleanField(default=False, verbose_name='base currency')),
            ],
            options={
                'verbose_name': 'currency',
                'verbose_name_plural': 'currencies',
                'ordering': ['code'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_base', True)), fields=('is_base',), name='currency_one_base'), models.CheckConstraint(condition=models.Q(('code__regex', '^[A-Z]{3}$')), name='currency_code_iso')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255, verbose_name='key')),
                ('user_id', models.BigIntegerField(blank=True, null=True, verbose_name='user')),
                ('scope', models.CharField(max_length=255, verbose_name='method and path')),
                ('body_hash', models.CharField(max_length=64, verbose_name='hash of the body')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name='status')),
                ('answer', models.JSONField(null=True, verbose_name='answer')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
            ],
            options={
                'verbose_name': 'idempotency key',
                'verbose_name_plural': 'idempotency keys',
                'indexes': [models.Index(fields=['created_at'], name='idempotency_key_created')],
                'constraints': [models.UniqueConstraint(fields=('user_id', 'scope', 'key'), name='idempotency_key_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zh', models.CharField(max_length=120, verbose_name='Chinese name')),
                ('en', models.CharField(max_length=120, verbose_name='English name')),
                ('position', models.PositiveIntegerField(default=0, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('dictionary', models.CharField(max_length=40, verbose_name='dictionary')),
                ('code', models.SlugField(max_length=60, verbose_name='code')),
            ],
            options={
                'verbose_name': 'dictionary word',
                'verbose_name_plural': 'dictionary words',
                'ordering': ['dictionary', 'position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('dictionary', 'code'), name='core_term_once')],
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='valid from')),
                ('rate', models.DecimalField(decimal_places=8, max_digits=18, verbose_name='rate to base currency')),
                ('currency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='core.currency', verbose_name='currency')),
            ],
            options={
                'verbose_name': 'exchange rate',
                'verbose_name_plural': 'exchange rates',
                'ordering': ['currency', '-on'],
                'constraints': [models.UniqueConstraint(fields=('currency', 'on'), name='rate_once_a_day'), models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='rate_positive')],
            },
        ),
    ]
