import Foundation

/// The makefile of a sweep: a target for each trial, the stamp of its end, which depends on its config. So make runs
/// what is missing, failed or changed, and no more.
enum SweepMakefile {
    static func text(for sweep: Sweep) -> String {
        let ids = sweep.trials.map(\.id)
        return """
            # The trials of the sweep '\(sweep.configuration.name)'. Written by `agon sweep prepare`, which overwrites changes.
            #
            #   make -j2 -k                runs what is missing, failed or changed; Ctrl-C stops so that it can go on
            #   make trials/\(ids[0])/done   runs one trial
            #   make list                  prints the trials that are to be run
            #
            #   THREADS  of each trial, as many as asked; if empty, the cores are divided among the jobs

            AGON ?= \(escaped(SweepPaths.program))
            THREADS ?=

            TRIALS = \\
            \(ids.map { "  \($0)" }.joined(separator: " \\\n"))

            .DEFAULT_GOAL := all
            .PHONY: all list
            all: $(TRIALS:%=trials/%/done)

            trials/%/done: trials/%/config.json
            \t@exec "$(AGON)" sweep trial --with-parent $(if $(THREADS),--threads $(THREADS)) trials/$*

            list:
            \t@for trial in $(TRIALS); do \\
            \t  test trials/$$trial/done -nt trials/$$trial/config.json || echo $$trial; \\
            \tdone

            """
    }

    private static func escaped(_ path: String) -> String {
        path.replacing("$", with: "$$").replacing("#", with: "\\#")
    }
}
