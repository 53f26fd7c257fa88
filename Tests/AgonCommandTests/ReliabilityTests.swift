import AgonTestSupport
import Foundation
import Testing

/// The built program under what happens to processes: signals, closed descriptors, too little memory, faults of files.
@Suite struct ReliabilityTests {
    private let folder: TemporaryFolder

    /// A run that writes nothing on the way but a line of its log now and then.
    private static let quiet = """
        "samples": {"every": 1000000, "count": 4}, "checkpoints": {"every": 1000000}, "log": {"every": 1000},
        """

    init() throws { folder = try TemporaryFolder() }

    private func write(_ steps: Int) throws -> String {
        try folder.write(pointsConfig(steps: steps, Self.quiet), to: "\(steps).json")
    }

    /// Runs a script whose arguments are the program, a config and a folder for runs.
    private func bash(_ script: String, steps: Int) throws -> (code: Int32, output: String) {
        let process = Process()
        // What takes no signal would otherwise train for ever.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "timeout", "-s", "KILL", "120", "bash", "-c", script, "bash", programPath, try write(steps), folder.path,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private static let trainUntilSignal = """
        until [ -s "$3/run/metrics.jsonl" ]; do sleep 0.05; kill -0 $! || exit 1; done
        kill -$signal $!; wait $!
        """

    @Test(arguments: ["TERM", "HUP", "XCPU", "USR1", "USR2"])
    func signalsSaveTheRun(signal: String) throws {
        let start = #"signal=\#(signal); "$1" run "$2" --out "$3/run" --threads 1 & "#
        let result = try bash(start + Self.trainUntilSignal, steps: 100_000_000)
        #expect(result.code == 75, "\(result.output)")
        #expect(result.output.contains("SIG\(signal)): saved after step"), "\(result.output)")
        let checkpoints = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/run/checkpoints")
        #expect(checkpoints.count == 1)
    }

    #if os(Linux)
        /// As it ends other programs: Swift's runtime would print the state of all threads and go on.
        @Test func quitEndsTheRunAtOnce() throws {
            // The shell lets its background processes ignore the signal.
            let start = #"signal=QUIT; env --default-signal=QUIT "$1" run "$2" --out "$3/run" --threads 1 & "#
            let result = try bash(start + Self.trainUntilSignal, steps: 100_000_000)
            #expect(result.code == 128 + SIGQUIT && !result.output.contains("Thread 0"), "\(result.output)")
        }
    #endif

    @Test func aMisspeltKeyDeletesNothing() throws {
        let result = try bash(
            """
            "$1" run "$2" --out "$3/all/keep" > "$3/out.txt" && cp -r "$3/all/keep" "$3/all/other" || exit 1
            "$1" runs prune "$3/all" --runs 1 --where 'not nmae ~ points' --apply; code=$?
            ls "$3/all"; exit $code
            """, steps: 1)
        #expect(result.code == 64 && result.output.contains("Did you mean 'name'?"), "\(result.output)")
        #expect(result.output.hasSuffix("keep\nother\n"), "\(result.output)")
    }

    /// The command that continues a stopped run works as it is printed. What it says of a key shows that it found the
    /// run.
    @Test func theCommandThatContinuesARunCanBePasted() throws {
        let start = #"signal=TERM; "$1" run "$2" --out "$3/a run" --threads 1 & "#
        let stopped = try bash(
            start + Self.trainUntilSignal.replacing("$3/run", with: "$3/a run"), steps: 100_000_000)
        let hint = try #require(stopped.output.components(separatedBy: "continue with: ").dropFirst().first)
        let command = hint.prefix { $0 != "\n" }
        let pasted = try bash("\(command) --set nonsense=1", steps: 1)
        #expect(pasted.code == 65 && pasted.output.contains("nonsense: unknown key"), "\(command): \(pasted.output)")
    }

    /// While the command runs, browsers reload the page; the last page asks for no more.
    @Test func theLastPageOfAWatchIsNotReloaded() throws {
        let result = try bash(
            """
            "$1" run "$2" --out "$3/run" --threads 1 > "$3/out.txt" || exit 1
            "$1" report "$3/run" --no-costs --watch --every 1000 > "$3/out.txt" 2>&1 &
            until grep -q 'http-equiv="refresh" content="1000"' "$3/run/report.html"; do
                sleep 0.05; kill -0 $! || exit 1
            done 2> "$3/errors.txt"
            kill -INT $!; wait $! || exit 1
            grep -c 'http-equiv="refresh"' "$3/run/report.html"
            """, steps: 1)
        // Grep found no such line.
        #expect(result.code == 1 && result.output == "0\n", "\(result.output)")
    }

    #if os(Linux)
        /// A short text stays in the buffer to the end, a long one fails before.
        @Test(arguments: ["--version", "schema", "schema --help"])
        func outputOnAFullDiskIsAFailure(command: String) throws {
            let result = try bash("\"$1\" \(command) > /dev/full", steps: 1)
            #expect(result.code == 65, "\(result.output)")
            #expect(result.output == "agon: error: cannot write the output: No space left on device\n")
        }
    #endif

    @Test func aReaderMayStopReading() throws {
        let result = try bash("\"$1\" schema | head -1", steps: 1)
        #expect(result.code == 0 && result.output == "{\n", "\(result.output)")
    }

    /// A config is read in pieces that a small stack has no room for.
    @Test func aSmallStackSuffices() throws {
        let result = try bash("ulimit -s 1024; \"$1\" run \"$2\" --out \"$3/small\"", steps: 2)
        #expect(result.code == 0, "\(result.output)")
    }

    @Test func nohupKeepsTheRunGoing() throws {
        let start = #"signal=HUP; trap "" HUP; "$1" run "$2" --out "$3/run" --threads 1 & "#
        let script = start + Self.trainUntilSignal.replacing("wait $!", with: "sleep 0.3; kill -TERM $!; wait $!")
        let result = try bash(script, steps: 100_000_000)
        #expect(result.code == 75 && result.output.contains("(SIGTERM)"), "\(result.output)")
    }

    @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">&- 2>&-"])
    func closedDescriptorsGetNoFiles(closed: String) throws {
        let result = try bash(#""$1" run "$2" --out "$3/run" --threads 1 \#(closed)"#, steps: 3000)
        #expect(result.code == 0, "\(result.output)")
        for name in ["metrics.jsonl", "run.json", "config.json"] {
            let text = try String(contentsOfFile: folder.path + "/run/" + name, encoding: .utf8)
            #expect(!text.contains("step 1000/") && !text.contains("done: 3000 steps"), "\(name)")
        }
        let lines = try String(contentsOfFile: folder.path + "/run/metrics.jsonl", encoding: .utf8).split(
            separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("{\"step\": ") }, "\(lines.first ?? "")")
    }

    #if os(Linux) && arch(x86_64)
        /// With any amount of address space the run ends well or says what is missing, and never waits or crashes.
        @Test(arguments: [250, 330, 420, 500, 700, 900])
        func littleAddressSpaceIsTold(megabytes: Int) throws {
            let limit = "ulimit -v $((\(megabytes) * 1000)); "
            let result = try bash(
                limit + #"exec timeout -s KILL 20 "$1" run "$2" --out "$3/run" --threads 2"#, steps: 10)
            #expect(
                result.code == 0 || result.code == 75 && result.output.contains("agon: error: out of memory"),
                "\(megabytes) MB: exit code \(result.code): \(result.output)")
        }
    #endif
}
