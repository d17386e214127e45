// Offers the browser's own time zone in a fresh sign-up form. Without scripts the field is a plain select.
for (const select of document.querySelectorAll("select[name=time_zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!select.closest("[data-fresh]") || !zone) continue;
  if (![...select.options].some((option) => option.value === zone)) select.add(new Option(zone.replaceAll("_", " "), zone));
  select.value = zone;
}
