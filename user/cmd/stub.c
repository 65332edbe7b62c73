#include "cmd.h"
int cmd_diff(int a,char**b){(void)a;(void)b;return 4;} int cmd_explain(int a,char**b){(void)a;(void)b;return 4;}
int cmd_doctor(int a,char**b){(void)a;(void)b;return 4;} int cmd_demo(int a,char**b){(void)a;(void)b;return 4;}
