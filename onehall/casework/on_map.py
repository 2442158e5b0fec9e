"""Which cases the map for everybody may draw, whatever their service: see `public.meant`."""

from django.db.models import Q

ON_PUBLIC_MAP = Q(is_public=True, merged_into__isnull=True, parent__isnull=True, cell__isnull=False)
