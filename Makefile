# hooktop: build, try, test. `make help` lists the targets.

VERSION := 0.1.0
CC ?= gcc
VARIANT ?= release
ifeq ($(VARIANT),fuzz)
CC := clang
endif

DEPS_BUILD := gcc make pkg-config libc6-dev libncurses-dev libpq-dev libssl-dev libcurl4-openssl-dev libjansson-dev
DEPS_DEMO := postgresql-15 postgresql-client-15
DEPS_TEST := libcmocka-dev clang-format python3 python3-pyte python3-psycopg2 python3-cryptography pgbouncer zsh tmux openssl git systemd
DEPS_FUZZ := clang libclang-rt-14-dev
DEPS_ANALYZE := clang-tidy cppcheck
DEPS_VALGRIND := valgrind
DEPS_BENCH := nginx-light wrk

# Warnings and hardening ----------------------------------------------------------------------------------------------
# Some flags not every compiler knows: clang 14 has none of those that are tried here.
try = $(shell $(CC) -Werror $(1) -fsyntax-only -xc /dev/null 2>/dev/null && echo $(1))
WARN := -Wall -Wextra -Werror -Wformat=2 -Wconversion -Wsign-conversion -Wshadow -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wnull-dereference -Wimplicit-fallthrough -Wcast-qual -Wwrite-strings -Walloca \
	$(call try,-Wtrampolines)
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
	$(call try,-ftrivial-auto-var-init=zero) $(call try,-fzero-call-used-regs=used-gpr) \
	-fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks -fno-common -fvisibility=hidden
# The same sources give the same bytes wherever they lie.
SAME := -ffile-prefix-map=$(CURDIR)=.
LDHARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,-z,nodlopen,--as-needed

ifeq ($(VARIANT),release)
OUT := build
OPT := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
else ifeq ($(VARIANT),asan)
OUT := build/asan
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -DHT_FAULTS
else ifeq ($(VARIANT),tsan)
OUT := build/tsan
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=thread -DHT_FAULTS
else ifeq ($(VARIANT),faults) # the release build with its crash points: src/delivery/fault.h
OUT := build/faults
OPT := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -DHT_FAULTS
else ifeq ($(VARIANT),analyze)
OUT := build/analyze
OPT := -O2 -fanalyzer -DHT_ANALYZE
WARN := -Werror
HARDEN := # with initialised automatic variables it takes every out-parameter for unset
else ifeq ($(VARIANT),fuzz)
OUT := build/fuzz
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
else
$(error VARIANT must be release, faults, asan, tsan, analyze or fuzz)
endif

PKGS := libpq libcurl jansson ncursesw openssl
CPPFLAGS += -D_GNU_SOURCE -DHT_VERSION='"$(VERSION)"' -Iinclude $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS += -std=c17 -fPIE $(OPT) $(WARN) $(HARDEN) $(SAME)
LDFLAGS += $(OPT) $(LDHARDEN)
LDLIBS += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread -lm

# What is built -------------------------------------------------------------------------------------------------------
SRC := $(sort $(wildcard src/*/*.c))
LIB_SRC := $(filter-out src/cli/main.c,$(SRC))
OBJ := $(LIB_SRC:src/%.c=$(OUT)/obj/%.o) $(OUT)/obj/embed.o
LIB := $(OUT)/libhooktop.a

TEST_LIB_SRC := $(sort $(wildcard tests/lib/*.c))
TEST_LIB_OBJ := $(TEST_LIB_SRC:tests/%.c=$(OUT)/obj/tests/%.o)
FAULT_OBJ := $(patsubst tests/%.c,$(OUT)/obj/tests/%.o,$(sort $(wildcard tests/fault/lib/*.c)))
LAYERS := unit fuzz store delivery console # of which `make tests` builds the tests
TEST_SRC := $(sort $(foreach layer,$(LAYERS),$(wildcard tests/$(layer)/*.c)))
TEST_BIN := $(TEST_SRC:tests/%.c=$(OUT)/tests/%)
# Crash points exist in the variant faults alone.
FAULT_BIN := $(patsubst tests/%.c,$(OUT)/tests/%,$(sort $(wildcard tests/fault/*.c)))
# What a worker or PostgreSQL is preloaded with to be lied to.
FAULT_SHIM := $(patsubst tests/%.c,$(OUT)/tests/%.so,$(sort $(wildcard tests/fault/shim/*.c)))
# A fuzz target is one file: a fuzzer in the variant of that name, a test that replays its corpus in the others.
FUZZ_BIN := $(patsubst tests/%.c,$(OUT)/tests/%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_MAIN := $(if $(filter fuzz,$(VARIANT)),,$(OUT)/obj/tests/fuzz/lib/replay.o)
FUZZ_LINK := $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer)
FUZZ_SECONDS ?= 180
FUZZ_SEED ?= 0
BENCH_OBJ := $(patsubst tests/%.c,$(OUT)/obj/tests/%.o,$(sort $(wildcard tests/bench/*.c)))

.PHONY: all analyze valgrind deps-analyze deps-valgrind install uninstall deb dist reproducible faults soak fault-tests demo picture test deps deps-demo deps-test deps-fuzz deps-bench bench tests fuzz fuzzers lint format clean help
.SECONDARY:
.DELETE_ON_ERROR:

all: deps ## Build build/hooktop (the default)
	@$(MAKE) --no-print-directory $(OUT)/hooktop

$(OUT)/hooktop: $(OUT)/obj/cli/main.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(OBJ)
	@rm -f $@
	ar rcsD $@ $^

$(OUT)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/lib -MMD -MP -c -o $@ $<

$(OUT)/tests/%: $(OUT)/obj/tests/%.o $(TEST_LIB_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(OUT)/tests/fuzz/%: $(OUT)/obj/tests/fuzz/%.o $(FUZZ_MAIN) $(TEST_LIB_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(FUZZ_LINK) -o $@ $^ $(LDLIBS) -lcmocka

$(OUT)/tests/bench/bench: $(BENCH_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(FAULT_BIN): $(OUT)/tests/fault/%: $(OUT)/obj/tests/fault/%.o $(FAULT_OBJ) $(TEST_LIB_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# The program with a database that lies: tests/hostile/pg.c.
LIES := $(foreach f,PQgetvalue PQgetlength PQresultErrorField ht_ops_body,-Wl,--wrap=$(f))
$(OUT)/tests/hostile/hooktop: $(OUT)/obj/cli/main.o $(OUT)/obj/tests/hostile/pg.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(LIES) -o $@ $^ $(LDLIBS)

$(OUT)/tests/fault/shim/%.so: tests/fault/shim/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=c17 -O2 $(WARN) -fPIC -shared -fvisibility=hidden -o $@ $<

EMBED := $(sort $(wildcard sql/*.sql)) $(sort $(wildcard themes/*.ini))
$(OUT)/gen/embed.c: $(EMBED) Makefile
	@mkdir -p $(@D)
	@{ printf '#include "hooktop/base/embed.h"\n'; \
	   for kind in sql themes; do \
	     files=$$(ls $$kind/*.sql $$kind/*.ini 2>/dev/null | sort); i=0; \
	     for f in $$files; do printf 'static const char %s_%d[] = {' $$kind $$i; \
	       od -An -v -tu1 $$f | sed -E 's/ +([0-9]+)/(char)\1,/g'; printf '0};\n'; i=$$((i+1)); done; \
	     printf 'const struct ht_embedded ht_embedded_%s[] = {' $$kind; i=0; \
	     for f in $$files; do printf '{"%s",%s_%d,sizeof(%s_%d)-1},' $$(basename $$f) $$kind $$i $$kind $$i; i=$$((i+1)); done; \
	     printf '{0,0,0}};\nconst size_t ht_embedded_%s_len = %d;\n' $$kind $$i; \
	   done; } > $@

$(OUT)/obj/embed.o: $(OUT)/gen/embed.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Packages ------------------------------------------------------------------------------------------------------------
define install_missing
	@missing=; for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  sudo=; [ $$(id -u) = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null || \
	  { echo "could not install:$$missing (needs root or sudo, and Debian's packages)" >&2; exit 1; }; \
	fi
endef

deps: ## Install the packages a build needs
	$(call install_missing,$(DEPS_BUILD))
deps-demo: deps
	$(call install_missing,$(DEPS_DEMO))
deps-test: deps-demo
	$(call install_missing,$(DEPS_TEST))
deps-fuzz: deps-test
	$(call install_missing,$(DEPS_FUZZ))
deps-analyze: deps
	$(call install_missing,$(DEPS_ANALYZE))
deps-valgrind: deps-test
	$(call install_missing,$(DEPS_VALGRIND))
deps-bench: deps-demo
	$(call install_missing,$(DEPS_BENCH))

# Installing ----------------------------------------------------------------------------------------------------------
PREFIX ?= /usr/local
DESTDIR ?=
BINDIR := $(PREFIX)/bin
MANDIR := $(PREFIX)/share/man
BASHDIR := $(PREFIX)/share/bash-completion/completions
ZSHDIR := $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
DOCDIR := $(PREFIX)/share/doc/hooktop
UNITDIR := $(PREFIX)/lib/systemd/system
MANUAL := hooktop.1 hooktop-worker.1 hooktop.conf.5 hooktop-themes.5 hooktop-profiles.7
UNITS := docs/hooktop-worker.service docs/package/hooktop-alert.service docs/package/hooktop-alert.timer
DOCS := README.md LICENSE $(wildcard docs/*.md docs/*.svg docs/screens/*) docs/grafana.json docs/package/config.ini
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile)

install: $(OUT)/hooktop ## Install below PREFIX (/usr/local), inside DESTDIR when one is given
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(BASHDIR) $(ZSHDIR) $(DOCDIR) $(UNITDIR)) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7
	install -s -m 755 $(OUT)/hooktop $(DESTDIR)$(BINDIR)/hooktop
	@for page in $(MANUAL); do \
	  $(OUT)/hooktop manual $$page | gzip -n9 >$(DESTDIR)$(MANDIR)/man$${page##*.}/$$page.gz && \
	  chmod 644 $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page.gz || exit 1; done
	$(OUT)/hooktop completion bash >$(DESTDIR)$(BASHDIR)/hooktop
	$(OUT)/hooktop completion zsh >$(DESTDIR)$(ZSHDIR)/_hooktop
	@for unit in $(UNITS); do sed 's#/usr/local/bin#$(BINDIR)#g' $$unit >$(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; done
	@for page in $(DOCS); do install -D -m 644 $$page $(DESTDIR)$(DOCDIR)/$$page || exit 1; done
	chmod 644 $(DESTDIR)$(BASHDIR)/hooktop $(DESTDIR)$(ZSHDIR)/_hooktop $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS)))

uninstall: ## Remove what install put there; configuration and key ring stay
	rm -f $(DESTDIR)$(BINDIR)/hooktop $(DESTDIR)$(BASHDIR)/hooktop $(DESTDIR)$(ZSHDIR)/_hooktop
	rm -f $(foreach page,$(MANUAL),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page).gz)
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS))) $(addprefix $(DESTDIR)$(DOCDIR)/,$(DOCS))
	@rmdir $(addprefix $(DESTDIR)$(DOCDIR)/,docs/screens docs/package docs) $(DESTDIR)$(DOCDIR) 2>/dev/null || true

deb: deps ## Make the Debian package: build/hooktop_VERSION_ARCH.deb
	@$(MAKE) --no-print-directory $(OUT)/hooktop
	@rm -rf $(OUT)/deb
	@$(MAKE) --no-print-directory -s install PREFIX=/usr DESTDIR=$(CURDIR)/$(OUT)/deb
	@docs/package/deb.sh $(OUT)/deb $(VERSION) $(SOURCE_DATE_EPOCH) $(OUT)/hooktop_$(VERSION)_$$(dpkg --print-architecture).deb
	@rm -rf $(OUT)/deb
	@ls $(OUT)/hooktop_$(VERSION)_*.deb

dist: ## Make the source archive of the last commit: build/hooktop-VERSION.tar.gz
	@mkdir -p $(OUT)
	git archive --format=tar --prefix=hooktop-$(VERSION)/ HEAD | gzip -n9 >$(OUT)/hooktop-$(VERSION).tar.gz

reproducible: dist ## Build the package twice, in two places, from the source archive, and compare the bytes
	@rm -rf $(OUT)/twice && mkdir -p $(OUT)/twice/a $(OUT)/twice/another/place
	@for at in a another/place; do \
	  tar -xzf $(OUT)/hooktop-$(VERSION).tar.gz -C $(OUT)/twice/$$at && \
	  $(MAKE) --no-print-directory -s -j$$(nproc) -C $(OUT)/twice/$$at/hooktop-$(VERSION) SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) deb >/dev/null || exit 1; done
	@cd $(OUT)/twice && sha256sum */hooktop-*/build/hooktop */*/hooktop-*/build/hooktop */hooktop-*/build/*.deb */*/hooktop-*/build/*.deb
	@cmp $(OUT)/twice/a/hooktop-$(VERSION)/build/hooktop $(OUT)/twice/another/place/hooktop-$(VERSION)/build/hooktop
	@cmp $(OUT)/twice/a/hooktop-$(VERSION)/build/*.deb $(OUT)/twice/another/place/hooktop-$(VERSION)/build/*.deb && echo "the same bytes twice"
	@rm -rf $(OUT)/twice

# Use and tests -------------------------------------------------------------------------------------------------------
demo: deps-demo ## Try it: a private PostgreSQL, sample tenants, local receivers, the console
	@$(MAKE) --no-print-directory $(OUT)/hooktop
	@$(OUT)/hooktop demo

picture: deps-test ## Draw every screen from the running demo into docs/ (ONLY="command filter": these)
	@$(MAKE) --no-print-directory $(OUT)/hooktop
	/usr/bin/python3 docs/picture.py $(OUT)/hooktop docs $(ONLY)

tests: $(TEST_BIN) $(FAULT_SHIM) $(OUT)/hooktop $(OUT)/tests/hostile/hooktop

fault-tests: $(FAULT_BIN) $(FAULT_SHIM) $(OUT)/hooktop

test: deps-test ## Build and run lint and all tests; ends with "N passed, N failed"
	@$(MAKE) --no-print-directory -j$$(nproc) tests
	@$(MAKE) --no-print-directory -j$$(nproc) VARIANT=faults fault-tests
	@tests/run.sh $(OUT) lint unit fuzz store delivery console peers fault

FAULT_SEEDS ?= 6
FAULT_SECONDS ?= 30
SEED ?= 1
HOURS ?= 1

faults: deps-test ## FAULT_SEEDS runs (6) of FAULT_SECONDS (30) with faults by seed, from SEED (1) on
	@$(MAKE) --no-print-directory -j$$(nproc) VARIANT=faults fault-tests
	@tests/fault/seeds $(SEED) $(FAULT_SEEDS) $(FAULT_SECONDS)

soak: deps-test ## The same for HOURS (1), 5 minutes each: make soak HOURS=8 SEED=1000
	@$(MAKE) --no-print-directory -j$$(nproc) VARIANT=faults fault-tests
	@tests/fault/seeds $(SEED) 0 300 $(HOURS)

fuzzers: $(FUZZ_BIN)

fuzz: deps-fuzz ## Fuzz everything that parses, FUZZ_SECONDS each (180)
	@$(MAKE) --no-print-directory -j$$(nproc) VARIANT=fuzz fuzzers
	@FUZZ_SEED=$(FUZZ_SEED) tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

bench: deps-bench ## Measure against the peers and the machine itself; ONLY="NAME ..." for some of it
	@$(MAKE) --no-print-directory $(OUT)/hooktop $(OUT)/tests/bench/bench $(OUT)/tests/console/fake_console
	@tests/bench/run.sh $(OUT) $(ONLY)

# clang-tidy: these groups, less what contradicts the house's rules: parameters of one type side by side; products of constants;
# conversions (-Wconversion judges them); sizes of pointers, of which there are arrays; chains of conditions of which two end
# alike; macros that expand to initialisers; bytes with a length that are no strings; constants compared at compile time;
# integers in pointers of epoll and of exit statuses; atoi and sscanf on what the kernel and PostgreSQL wrote; the lengths that
# snprintf returns; recursion, whose depth is bounded. Its clang-analyzer group is left to gcc: clang 14's does not follow results
# through out-parameters.
TIDY_OFF := bugprone-easily-swappable-parameters bugprone-implicit-widening-of-multiplication-result \
	bugprone-narrowing-conversions bugprone-sizeof-expression bugprone-branch-clone bugprone-macro-parentheses \
	bugprone-not-null-terminated-result misc-redundant-expression performance-no-int-to-ptr cert-err34-c cert-err33-c misc-no-recursion
TIDY := -*,bugprone-*,cert-*,misc-*,performance-*,portability-*$(TIDY_OFF:%=,-%)
# cppcheck: not uninitvar, which knows no out-parameters either (gcc's analyzer and -Wmaybe-uninitialized do); it cannot read
# the macros of sys/queue.h nor compound literals in a conditional.
CPPCHECK := --std=c11 --enable=warning,performance,portability --quiet --error-exitcode=1 \
	--suppress=uninitvar --suppress=syntaxError --suppress=internalAstError

analyze: deps-analyze ## Look for faults without running: gcc -fanalyzer, clang-tidy, cppcheck; ends at the first warning
	@$(MAKE) --no-print-directory -s -k -j$$(nproc) VARIANT=analyze build/analyze/libhooktop.a >/dev/null
	@printf '%s\n' -std=c17 $(CPPFLAGS:-Iinclude=-I$(CURDIR)/include) >build/analyze/compile_flags.txt
	@printf '%s\n' $(SRC) | xargs -P$$(nproc) -n8 clang-tidy --quiet --warnings-as-errors='*' --checks='$(subst $() ,,$(TIDY))' -p build/analyze 2>/dev/null
	@cppcheck $(CPPCHECK) $(CPPFLAGS) src

VALGRIND := valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect
valgrind: deps-valgrind ## Run the unit tests and the program under valgrind, but what runs other programs: it lacks pidfd_open
	@$(MAKE) --no-print-directory -j$$(nproc) tests
	@grep -L ht_test_run tests/unit/*.c | sed 's#.*/\(.*\)\.c$$#$(OUT)/tests/unit/\1#' | \
	  xargs -P$$(nproc) -n1 sh -c '$(VALGRIND) "$$0" >"$$0.valgrind" 2>&1 && echo "clean: $$0" || { cat "$$0.valgrind"; exit 1; }'
	@/usr/bin/python3 tests/lib/valgrind.py $(OUT) $(VALGRIND)

format: ## Lay out all sources with clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## Remove build/
	rm -rf build

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
