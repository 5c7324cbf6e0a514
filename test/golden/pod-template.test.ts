import { expect, it } from 'vitest';
import { at } from '../../src/lib/json.ts';
import { manifestOf } from '../support/call.ts';
import { clusterWith, example } from '../support/examples.ts';
import { toYaml } from '../support/yaml.ts';

const why = `# The pod template of examples/quickstart.yaml, pinned from release to release (rule 8 of docs/architecture.md).
#
# A change of the template restarts every server of everybody who upgrades the function, at the moment of the upgrade.
# So a diff here is not a golden to accept: it needs a reason that is worth a restart, and a line in the release notes.
`;

it('an unchanged spec has the same pod template as in the last release', async () => {
  const { response } = clusterWith(example('quickstart')).bringUp();
  const template = at(manifestOf(response, 'server'), 'spec', 'template');
  await expect(why + toYaml(template)).toMatchFileSnapshot('pod-template.yaml');
});
