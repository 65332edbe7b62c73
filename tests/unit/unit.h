/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every unit test includes, in the order that cmocka asks for. */
#ifndef CUSTODES_TESTS_UNIT_H
#define CUSTODES_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
