import AgonTestSupport
import AgonText
import Foundation
import Testing

@testable import AgonRuns
@testable import AgonSweeps
@testable import AgonTrials

@Suite struct SweepRunTests {
    @Test func jobsAndThreadsShareTheCores() throws {
        let fair = try SweepOptions(jobs: nil, threads: nil, cores: 8)
        #expect(fair.jobs == 8 && fair.threads == 1)
        let two = try SweepOptions(jobs: 2, threads: nil, cores: 8)
        #expect(two.jobs == 2 && two.threads == 4)
        let wide = try SweepOptions(jobs: nil, threads: 3, cores: 8)
        #expect(wide.jobs == 2 && wide.threads == 3)
        #expect(
            message { _ = try SweepOptions(jobs: 2, threads: 2, cores: 2) }
                == "2 jobs of 2 threads need more than the 2 usable cores; use --jobs 1, or --threads 1, or allow it "
                + "with --oversubscribe (OVERSUBSCRIBE=1)")
        #expect(
            message { _ = try SweepOptions(jobs: 1, threads: 3, cores: 2) }.hasPrefix(
                "1 job of 3 threads needs more than the 2 usable cores; "))
        #expect(try SweepOptions(jobs: 4, threads: 2, oversubscribes: true, cores: 2).jobs == 4)
        #expect(throws: SweepError.tooManyThreads(jobs: 3, threads: 1, cores: 2)) {
            _ = try SweepOptions(jobs: 3, threads: nil, cores: 2)
        }
        #expect(try SweepOptions.threadsOfJob(environment: ["MAKEFLAGS": " -j2 --jobserver-auth=3,4"], cores: 8) == 4)
        #expect(try SweepOptions.threadsOfJob(environment: ["MAKEFLAGS": "ks -j8"], cores: 8) == 1)
        #expect(try SweepOptions.threadsOfJob(environment: [:], cores: 8) == 8)
        #expect(
            message { _ = try SweepOptions.threadsOfJob(environment: ["MAKEFLAGS": "ks -j16"], cores: 8) }
                == "make -j16: more jobs than the 8 usable cores; use make -j8, or allow it with THREADS=1")
        #expect(
            message { _ = try SweepOptions.threadsOfJob(environment: ["MAKEFLAGS": " -j"], cores: 2) }
                == "make -j: more jobs than the 2 usable cores; use make -j2, or allow it with THREADS=1")
    }

    @Test func commandsOfUsersRunTrialsWithTheSameOptions() throws {
        let folder = SweepFolder(path: "Sweeps/a b")
        var options = try SweepOptions(jobs: 4, threads: 2, oversubscribes: true, cores: 2)
        #expect(options.command(for: folder) == "make -C 'Sweeps/a b' -j4 -k THREADS=2")
        options.dataFolder = "/their data"
        #expect(options.command(for: folder).hasSuffix(" THREADS=2 AGON_SWEEP_DATA='/their data'"))
        options.dataFolder = "Datasets"
        let whole = FileManager.default.currentDirectoryPath + "/Datasets"
        #expect(options.command(for: folder).hasSuffix("=" + ShellText.word(whole)))
        #expect(try SweepOptions.ofMake(cores: 1).command(for: folder).hasSuffix(" -j1 -k THREADS=1"))
        #expect(try SweepOptions.ofMake(cores: 8).command(for: folder).hasSuffix(" -j2 -k THREADS=4"))
    }

    @Test func messagesReadBack() throws {
        var status = TrialStatus(id: "0123456789ab")
        status.label = "beta1=0.5 name=\"a\nb\""
        status.state = .running
        status.step = 3
        status.steps = 10
        status.losses = [("loss.generator", 0.5), ("loss.discriminator", .nan)]
        status.metric = ("metric.fid-lenet", 12.5)
        status.secondsLeft = 61
        status.process = 4711
        let message = status.message
        #expect(!message.contains("\n"))
        let read = try #require(TrialStatus(message: message))
        #expect(read.label == status.label && read.step == 3 && read.steps == 10 && read.state == .running)
        #expect(read.losses.map(\.name) == ["loss.generator"] && read.metric?.value == 12.5 && read.secondsLeft == 61)
        #expect(read.process == 4711)
        #expect(read.text == "step 3/10  loss.generator 0.5000  metric.fid-lenet 12.5  1 min 01 s left")
        #expect(read.shortText == "step 3/10  1 min 01 s left  fid-lenet 12.5  loss G 0.500")
        #expect(TrialStatus(message: "make: *** [Makefile:1: all] Error 2") == nil)
        #expect(TrialStatus(message: "@agon {\"trial\": 3}") == nil)
    }

    /// A terminal may be of any width: lines fit, numbers stay whole, and the time left goes last.
    @Test func liveLinesFitEveryTerminal() {
        var status = TrialStatus(id: "0123456789ab")
        status.label = "optimizer.learningRate=0.0002 batchSize=64"
        status.state = .running
        (status.step, status.steps) = (400, 2000)
        status.losses = [("loss.generator", 0.5)]
        status.metric = ("metric.fid-lenet", 12.3)
        for secondsLeft in [nil, 125.0] {
            status.secondsLeft = secondsLeft
            let summary = SweepSummary(folder: "", [status])
            for (labelWidth, width) in [0, 6, 42, 60].flatMap({ label in (-1...200).map { (label, $0) } }) {
                let line = status.liveLine(labelWidth: labelWidth, width: width)
                let total = summary.liveLine(secondsLeft: secondsLeft, width: width)
                #expect(max(line.count, total.count) <= max(0, width), "\(width): \(line)")
                let last = secondsLeft == nil ? "step 400/2000" : "2 min 05 s left"
                #expect(line.contains(last) || width < last.count, "\(width): \(line)")
                #expect(secondsLeft == nil || total.contains(last) || width < last.count, "\(width): \(total)")
            }
        }
        func line(_ width: Int) -> String { status.liveLine(labelWidth: 42, width: width) }
        let progress = "step 400/2000  2 min 05 s left  fid-lenet 12.3  loss G 0.500"
        #expect(line(120) == "0123456789ab  optimizer.learningRate=0.0002 batchSize=64  \(progress)")
        #expect(line(84) == "0123456789ab  optimiz…  \(progress)")
        #expect(line(83) == "0123456789ab  \(progress)")
        #expect(line(60) == "0123456789ab  step 400/2000  2 min 05 s left  fid-lenet 12.3")
        #expect(line(43) == "step 400/2000  2 min 05 s left")
        #expect(line(20) == "2 min 05 s left")
        let total = SweepSummary(folder: "", [status])
        #expect(total.liveLine(secondsLeft: 61, width: 80) == "1 running  1 min 01 s left")
        #expect(total.liveLine(secondsLeft: nil, width: 80) == "1 running")
    }

    @Test func sweepFolderHasOneMasterAtATime() throws {
        let folder = try TemporaryFolder()
        let sweep = SweepFolder(path: folder.path)
        let lock = try sweep.lock(patience: 0)
        #expect(throws: SweepError.sweepBusy(folder: folder.path)) { _ = try sweep.lock(patience: 0.2) }
        withExtendedLifetime(lock) {}
    }

    @Test func wordsOfErrors() {
        let cases: [(SweepError, String)] = [
            (.noTrials(file: "s.json"), "s.json: no trial is left; 'exclude' matches them all"),
            (.noSweep(folder: "F"), "F: contains no sweep (no trials.json); make one with: agon sweep prepare FILE"),
            (
                .badList(path: "F/trials.json"),
                "F/trials.json: not a list of trials; rewrite it with: agon sweep prepare FILE"
            ),
            (
                .noTrial(folder: "F"),
                "F: not the folder of a trial (SWEEP/trials/ID); make them with: agon sweep prepare FILE"
            ),
            (.sweepBusy(folder: "F"), "F: another sweep is running there; wait for it to end, or stop it with Ctrl-C"),
            (
                .tooManyThreads(jobs: 3, threads: 1, cores: 2),
                "3 jobs of 1 thread need more than the 2 usable cores; use --jobs 2, or allow it with --oversubscribe "
                    + "(OVERSUBSCRIBE=1)"
            ),
            (
                .tooManyThreads(jobs: 3, threads: 4, cores: 2),
                "3 jobs of 4 threads need more than the 2 usable cores; use --jobs 2 --threads 1, or allow it with "
                    + "--oversubscribe (OVERSUBSCRIBE=1)"
            ),
            (
                .shortTimeLimit("00:02:00", warning: 120),
                "--time 00:02:00: too short for --warning 120: Slurm may send the warning up to 60 s earlier; use a "
                    + "longer time or a shorter warning"
            ),
            (
                .badTimeLimit("banana"),
                "--time banana: not a Slurm time limit; use MINUTES, HOURS:MINUTES:SECONDS or DAYS-HOURS:MINUTES:SECONDS"
            ),
            (
                .deletedTrial(folder: "F", reason: "R"),
                "F: deleted, and its config cannot be restored: R; make it with: agon sweep prepare FILE"
            ),
            (.missingTool("make"), "make: no such program on the PATH; install it (apt-get install make)"),
            (.toolFailed("make", reason: "ended by signal 9"), "make: ended by signal 9"),
        ]
        for (error, words) in cases { #expect("\(error)" == words) }
    }

    @Test func jobsOfSchedulersAreWritten() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        let file = try folder.write(#"{"name": "s", "base": "tiny.json", "seeds": [1, 2, 3, 4, 5]}"#, to: "sweep.json")
        let sweep = try Sweep(file: file)
        let place = SweepFolder(path: folder.path + "/it's here")
        try place.prepare(sweep)
        var layout = BatchJobs.Slurm()
        layout.pack = 2
        layout.atMost = 3
        layout.timeLimit = "01:00:00"
        layout.memory = "512M"
        layout.prologue = ["module load gcc/12", "export GREETING='it is'"]
        layout.directives = ["--partition=long"]
        let written = try BatchJobs.writeSlurm(place, layout)
        #expect(written.command == "sbatch '\(folder.path)/it'\\''s here/array.sbatch'")
        let slurm = try String(contentsOfFile: written.path, encoding: .utf8)
        for line in [
            "#SBATCH --array=0-2%3", "#SBATCH --requeue", "#SBATCH --signal=B:USR1@120", "#SBATCH --time=01:00:00",
            "#SBATCH --mem=512M", "{ module load gcc/12\n} || exit\n{ export GREETING='it is'\n} || exit\nfailure=0",
            "#SBATCH --partition=long", "  '\(sweep.trials[0].id) \(sweep.trials[1].id)'", "  '\(sweep.trials[4].id)'",
        ] { #expect(slurm.contains(line + "\n"), "\(line) in\n\(slurm)") }
        // Both are what a shell takes for a program.
        #expect(try shell("bash -n \"$1\"", place.path + "/array.sbatch") == 0)
        let parallel = try BatchJobs.writeParallel(place, jobs: 2, threads: 1)
        #expect(try shell("sh -n \"$1\"", parallel.path) == 0)
        let lines = try String(contentsOfFile: parallel.path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 5)
        #expect(
            lines[0].hasSuffix(
                "sweep trial --with-parent --threads 1 '\(folder.path)/it'\\''s here/trials/\(sweep.trials[0].id)'"))
        #expect(parallel.command.contains("--joblog") && !parallel.command.contains("--resume"))
    }

    @Test func foldersThatCannotBeMadeSayWhy() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        let file = try folder.write(#"{"name": "s", "base": "tiny.json"}"#, to: "sweep.json")
        let sweep = try Sweep(file: file)
        let path = folder.path + "/tiny.json/s"
        #expect(throws: RunError.cannotMakeFolder(path: path + "/trials", reason: "Not a directory")) {
            try SweepFolder(path: path).prepare(sweep)
        }
        #expect(throws: RunError.cannotMakeFolder(path: file, reason: "Not a directory")) {
            try RunFolder.makeFolders(file)
        }
    }

    @Test func timeLimitsLeaveTimeToCompute() throws {
        let cases: [(String, Int?)] = [
            ("90", 5400), ("1:30", 90), ("02:00:00", 7200), ("1-2", 93600), ("1-02:30", 95400), ("1-02:30:05", 95405),
            ("infinite", nil), ("UNLIMITED", nil), ("", nil), ("1-", nil), ("1:2:3:4", nil), ("-5", nil),
            ("1-2-3", nil),
            ("9999999999999999999", nil),
        ]
        for (text, seconds) in cases { #expect(BatchJobs.Slurm.seconds(of: text) == seconds, "\(text)") }
        let folder = try TemporaryFolder()
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        let file = try folder.write(#"{"name": "s", "base": "tiny.json", "seeds": [1]}"#, to: "sweep.json")
        let place = SweepFolder(path: folder.path + "/s")
        try place.prepare(Sweep(file: file))
        var layout = BatchJobs.Slurm()
        layout.timeLimit = "00:03:59"
        #expect(throws: SweepError.shortTimeLimit("00:03:59", warning: 120)) {
            _ = try BatchJobs.writeSlurm(place, layout)
        }
        layout.timeLimit = "banana"
        #expect(throws: SweepError.badTimeLimit("banana")) { _ = try BatchJobs.writeSlurm(place, layout) }
        layout.timeLimit = "Infinite"
        _ = try BatchJobs.writeSlurm(place, layout)
        layout.timeLimit = "00:03:59"
        layout.warning = 60
        #expect(
            try String(contentsOfFile: BatchJobs.writeSlurm(place, layout).path, encoding: .utf8)
                .contains("#SBATCH --signal=B:USR1@60\n"))
    }

    @Test func limitsAreWrittenInTensOfMinutes() {
        let cases: [(Double, String)] = [
            (1, "00:10:00"), (600, "00:10:00"), (601, "00:20:00"), (36_000, "10:00:00"), (86_399, "1-00:00:00"),
            (130_000, "1-12:10:00"), (.infinity, "365-00:00:00"),
        ]
        for (seconds, text) in cases {
            #expect(BatchJobs.Slurm.limit(ofSeconds: seconds) == text)
            if seconds.isFinite { #expect(Double(BatchJobs.Slurm.seconds(of: text) ?? 0) >= seconds, "\(text)") }
        }
    }

    @Test func optionsOfTheUserLeaveNothingOpen() {
        var layout = BatchJobs.Slurm()
        #expect(layout.lacksMemory && layout.lacksTimeLimit)
        layout.directives = ["--partition=long", "--mem-per-cpu=2G", "--time 30"]
        #expect(!layout.lacksMemory && !layout.lacksTimeLimit)
        layout.directives = ["--memo=none", "--time-min=5"]
        #expect(layout.lacksMemory && layout.lacksTimeLimit)
        (layout.memory, layout.timeLimit) = ("4G", "30")
        #expect(!layout.lacksMemory && !layout.lacksTimeLimit)
    }

    @Test func sweepThatWasNotPreparedIsWaiting() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        let file = try folder.write(#"{"name": "s", "base": "tiny.json", "seeds": [1, 2]}"#, to: "sweep.json")
        let statuses = SweepRun.statuses(of: try Sweep(file: file), in: SweepFolder(path: folder.path + "/s"))
        #expect(statuses.map(\.line).allSatisfy { $0.hasSuffix("waiting") } && statuses.count == 2)
    }

    private func shell(_ script: String, _ argument: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, "sh", argument]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
