import { claimsOn } from './support/claim-stories.ts';

claimsOn('Crossplane v1.20', 'claims-v1');
