// in: msg.settings.profile   out: msg.template, which makes Home Assistant tell all its entities in one answer
const { settings, sensors } = msg.settings.profile;
const ids = [
    ...Object.values(settings).map((each) => each.entity),
    ...Object.values(sensors).flatMap((each) => [each.entity, each.minus]),
].filter((id) => /^[a-z_]+\.[a-z0-9_]+$/.test(id || ""));
const wanted = JSON.stringify([...new Set(ids)]);
delete msg.error;
msg.template = `{% set ns = namespace(all=[]) %}{% for id in ${wanted} %}{% set s = states[id] %}{% if s %}` +
    "{% set ns.all = ns.all + [{'id': id, 'state': s.state, 'changed': s.last_changed.timestamp(), 'told': (s.last_reported | default(s.last_updated)).timestamp(), 'unit': s.attributes.get('unit_of_measurement'), " +
    "'options': s.attributes.get('options'), 'min': s.attributes.get('min'), 'max': s.attributes.get('max'), 'step': s.attributes.get('step')}] %}" +
    "{% endif %}{% endfor %}{{ ns.all | to_json }}";
return msg;
