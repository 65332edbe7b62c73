/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the log says of itself, in ECS: keys, signs of life, and who vouches for it. */
#ifndef CUSTODES_OUTPUT_ECS_EVIDENCE_H
#define CUSTODES_OUTPUT_ECS_EVIDENCE_H

#include "../event/finding.h"
#include "../util/jsonw.h"

/** Writes custodes.evidence, where the outcome has any. */
void ecs_evidence(struct jsonw *w, const struct outcome *outcome);

#endif
