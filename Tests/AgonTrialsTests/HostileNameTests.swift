import AgonTensors
import AgonTestSupport
import AgonText
import Foundation
import Testing

@testable import AgonSweeps
@testable import AgonTrials

/// Names that mean something to make, to a shell, to printf or to Slurm are data wherever a sweep writes them.
@Suite struct HostileNameTests {
    static let names = [
        "$(touch PWN)", "`touch PWN`", "a$b $$ ${HOME}", "it's", "\"quoted\" 'twice'", "semi;touch PWN;",
        "a && touch PWN",
        "new\nline\ntouch PWN", "tab\tand space ", "#hash", "per%cent %s %A", "back\\slash\\n", "a{b,c}*?[x]", "~",
        "-rf",
        "$(shell touch PWN)", "<in >out |x", "é ü 漢", "!history", "(a)", "a=b", "\u{1}\u{7f}",
    ]

    @Test(arguments: names)
    func wordsOfAShellAreTheText(name: String) throws {
        let folder = try TemporaryFolder()
        for word in [ShellText.quoted(name), ShellText.word(name)] {
            #expect(!word.contains { $0.isNewline })
            let output = try run("/bin/sh", ["-c", "printf '%s' " + word], in: folder.path)
            #expect(output.text == name, "\(word)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    /// A sweep whose program lies in a folder of such a name, and whose own folder has one: make, the script for Slurm
    /// and the lines for GNU parallel start the program with the right folder, and nothing else.
    @Test(arguments: names)
    func commandsStartTheProgramAlone(name: String) throws {
        let folder = try TemporaryFolder()
        let place = folder.path + "/" + name
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        // The program notes its arguments, and stamps the trial.
        let program = place + "/agon"
        try """
        #!/bin/sh
        for last; do :; done
        printf '%s\\n' "$1 $2" >>"${0%/*}/calls"
        echo '{}' >"$last/done"
        """.write(toFile: program, atomically: true, encoding: .utf8)
        chmod(program, 0o755)
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        let file = try folder.write(#"{"name": "s", "base": "tiny.json", "seeds": [1, 2]}"#, to: "sweep.json")
        let sweep = try Sweep(file: file)
        let sweepFolder = SweepFolder(path: place + "/S")
        try sweepFolder.prepare(sweep)
        let stamps = sweep.trials.map { sweepFolder.trial($0.id).donePath }
        func expectTrials(_ what: String, checks: Bool = false, _ output: (code: Int32, text: String)) throws {
            let calls = (try? String(contentsOfFile: place + "/calls", encoding: .utf8)) ?? "none"
            #expect(
                output.code == 0 && calls == (checks ? "sweep check\n" : "") + "sweep trial\nsweep trial\n",
                "\(what): \(calls)\(output.text)")
            #expect(stamps.allSatisfy { FileManager.default.fileExists(atPath: $0) }, "\(what)")
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/PWN"), "\(what)")
            #expect(!FileManager.default.fileExists(atPath: sweepFolder.path + "/PWN"), "\(what)")
            for path in stamps + [place + "/calls"] { unlink(path) }
        }

        try AtomicFile.write(path: sweepFolder.makefilePath, text: SweepMakefile.text(for: sweep, program: program))
        try expectTrials(
            "make", checks: true, run("/usr/bin/env", ["make", "-s", "-C", sweepFolder.path], in: folder.path))
        let others = ["AGON": program]
        try AtomicFile.write(
            path: sweepFolder.makefilePath, text: SweepMakefile.text(for: sweep, program: "/nowhere"))
        try expectTrials(
            "AGON", checks: true, run("/usr/bin/env", ["make", "-s", "-C", sweepFolder.path], in: folder.path, others))

        let parallel = try BatchJobs.writeParallel(sweepFolder, jobs: 1, threads: 1, program: program)
        let lines = try String(contentsOfFile: parallel.path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines { #expect(try run("/bin/sh", ["-c", String(line)], in: folder.path).code == 0, "\(line)") }
        try expectTrials("parallel", (0, ""))

        var layout = BatchJobs.Slurm()
        layout.pack = 2
        let slurm = try BatchJobs.writeSlurm(sweepFolder, layout, program: program)
        let task = ["SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_JOB_ID": "7", "SLURM_JOB_ID": "7"]
        try expectTrials("Slurm", run("/bin/bash", [slurm.path], in: folder.path, task))
        let text = try String(contentsOfFile: slurm.path, encoding: .utf8)
        let directives = text.split(separator: "\n").filter { $0.hasPrefix("#SBATCH ") }
        if name != "-rf" {  // whose letters a directive can hold
            #expect(directives.filter { $0.contains("--output") } == ["#SBATCH --output=/dev/null"])
            #expect(FileManager.default.fileExists(atPath: sweepFolder.logsFolder + "/7_0.txt"))
        }
        // The command that is shown to the user.
        let shown = try run(
            "/bin/sh", ["-c", slurm.command.replacing("sbatch ", with: "printf '%s' ")], in: folder.path)
        #expect(shown.text == slurm.path)
    }

    @Test func moreThanOneLineIsNoDirective() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        let file = try folder.write(#"{"name": "s", "base": "tiny.json"}"#, to: "sweep.json")
        let place = SweepFolder(path: folder.path + "/S")
        try place.prepare(Sweep(file: file))
        var layout = BatchJobs.Slurm()
        layout.directives = ["--partition=long\ntouch PWN"]
        #expect(
            message { _ = try BatchJobs.writeSlurm(place, layout) }
                == "an sbatch option must be a single line: --partition=long")
    }

    private func run(
        _ program: String, _ arguments: [String], in folder: String, _ variables: [String: String] = [:]
    ) throws -> (code: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        for key in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] { environment[key] = nil }
        if variables["AGON"] == nil { environment["AGON"] = nil }
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
