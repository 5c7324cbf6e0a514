import { claimsOn } from './support/claim-stories.ts';

claimsOn('Crossplane v2', 'claims');
