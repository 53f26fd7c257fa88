import AgonTensors
import AgonTestFiles
import Foundation
import Testing

/// The built program, run as users run it.
@Suite struct CommandTests {
    @Test func usageIsExitCode64() throws {
        for arguments in [
            ["runn"], ["run"], ["run", "x.json", "--steps", "0"], ["run", "x.json", "--threads", "zero"],
        ] {
            #expect(try agon(arguments).code == 64, "\(arguments)")
        }
        #expect(try agon("run", "Configs/selfgan/mlp.json", "--set", "steps").code == 64)
    }

    @Test(arguments: [
        ["--metrics", "foo"], ["--metrics", ""], ["--metrics", "fid,,kid"], ["--split", "dev"], ["--samples", "0"],
        ["--classifier", "nope"], ["--weights", "best"],
    ])
    func whatEvaluateCannotDoIsUsage(options: [String]) throws {
        let result = try agon(["evaluate", "Runs/none"] + options)
        #expect(result.code == 64, "\(result.errors)")
        #expect(result.errors.hasPrefix("Error: \(options[0])"), "\(result.errors)")
    }

    @Test func evaluateKnowsTheNamesOfTables() throws {
        let result = try agon("evaluate", "Runs/none", "--metrics", "fid-lenet")
        #expect(
            result.errors.contains("--metrics fid-lenet: no metric 'fid-lenet'; did you mean 'fid'?"),
            "\(result.errors)")
    }

    @Test(arguments: [("config", []), ("sweep", ["--sweep"]), ("table", ["--table"])])
    func referencePagesAreCurrent(page: String, options: [String]) throws {
        let path = "Documentation/reference/\(page).md"
        let text = try String(contentsOfFile: projectFolder + "/" + path, encoding: .utf8)
        let arguments = ["schema"] + options + ["--markdown"]
        #expect(
            try agon(arguments).output == text, "run: agon \(arguments.joined(separator: " ")) > \(path)")
    }

    /// The keys of a learning-rate schedule stand below its kind, and once.
    @Test func referenceListsKeysBelowTheirKind() throws {
        let text = try String(contentsOfFile: projectFolder + "/Documentation/reference/config.md", encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## LearningRateSchedule\n").dropFirst().first)
        let cosine = try #require(section.components(separatedBy: "\n### `cosine`\n").dropFirst().first)
        let lines = cosine.components(separatedBy: "\n### ")[0].split(separator: "\n")
        let keys = lines.filter { $0.hasPrefix("| `") }.compactMap { $0.split(separator: "`").dropFirst().first }
        #expect(keys == ["warmup", "end", "factor"])
        #expect(!text.contains("`schedule.") && !text.contains("## LearningRateCurve"))
    }

    @Test(arguments: [
        (["run", ""], "the name of the config is empty"), (["sample", ""], "the name of the run is empty"),
        (["evaluate", ""], "the name of the run is empty"), (["sweep", "check", ""], "the name of the sweep is empty"),
        (["run", "gan/mlp", "--steps", "-1"], "--steps -1: expected 1 or more"),
        (["run", "gan/mlp", "--out", ""], "--out: expected the name of a folder"),
        (["rnu", "gan/mlp"], "unknown command 'rnu'. Did you mean 'run'?"),
        (["runs", "prune", "--runs", "-2"], "--runs -2: expected 1 or more"),
        (["inspect", "gan/mlp", "--data", "/nowhere"], "--data /nowhere: no such folder"),
        (["run", "gan/mlp", "--data", "/dev/null"], "--data /dev/null: not a folder"),
        (
            ["sample", "quickstart", "--checkpoint", "last"],
            "The value 'last' is invalid for '--checkpoint <step|best>'"
        ),
        (["runs", "prune", "--runs", "5", "--goal", "maximize"], "--goal is for --best"),
        (["runs", "--keys", "--csv"], "--keys and --csv cannot be combined"),
        (["runs", "--csv", "--json"], "--csv and --json cannot be combined"),
        (["sweep", "status", ".", "--out", "x"], "--out is for a sweep given by its file; . is a folder"),
        (["table", "--list", "--claims"], "--list and --claims cannot be combined"),
        (["table", "gas", "--list"], "--list and a table cannot be combined"),
        (
            ["sample", "quickstart", "--interpolate", "--from", "a", "--to", "b"],
            "--interpolate and --from cannot be combined"
        ),
        (
            ["sample", "quickstart", "--animate", "a.gif", "--split", "test"],
            "--split does not go with --animate without --interpolate"
        ),
        (["evaluate", "Runs/none", "--real-samples", "-5"], "--real-samples: -5 is out of range"),
        (
            ["export", "--classifier", "lenet-mnist", "--checkpoint", "3", "--onnx", "a.onnx"],
            "--checkpoint is for the generator of a run, not for --classifier"
        ),
    ])
    func faultsOfTheCommandLineAreSaidOnce(arguments: [String], text: String) throws {
        let result = try agon(arguments)
        #expect(result.code == 64 && result.errors.hasPrefix("Error: \(text)"), "\(result.errors)")
    }

    @Test func anErrorPointsAtTheHelpOfItsCommand() throws {
        let result = try agon("sample", "quickstart", "--split", "test")
        #expect(
            result.errors == "Error: --split is for generators that take samples of a dataset\n"
                + "  See 'agon sample --help' for more information.\n")
    }

    @Test(arguments: [
        ("AGON_CONVOLUTION", "dirct", "Did you mean 'direct'? Available: counted, direct"),
        ("AGON_VECTOR", "sse", "Available: portable, avx2, avx512"),
    ])
    func misspeltWordsInTheEnvironmentAreRefused(variable: String, word: String, text: String) throws {
        var environment = ProcessInfo.processInfo.environment
        environment[variable] = word
        let result = try agon(["configs"], environment: environment)
        #expect(result.code == 64 && result.errors == "agon: error: \(variable)=\(word): unknown word. \(text)\n")
    }

    @Test(arguments: ["avx2", "avx512"])
    func instructionsThatTheProcessorLacksAreRefused(word: String) throws {
        var environment = ProcessInfo.processInfo.environment
        environment["AGON_VECTOR"] = word
        let processor = Processor.current
        let isThere = processor.hasAVX2 && processor.hasFMA && (word == "avx2" || processor.hasAVX512)
        let result = try agon(["configs"], environment: environment)
        #expect(result.code == (isThere ? 0 : 64), "\(result.errors)")
        #expect(isThere || result.errors.hasPrefix("agon: error: AGON_VECTOR=\(word): this processor lacks"))
    }

    @Test(arguments: ["configs", "models"])
    func listsFitALine(command: String) throws {
        let lines = try agon(command).output.split(separator: "\n")
        #expect(lines.count > 1 && lines.allSatisfy { $0.count <= 100 })
        let whole = try agon(command, "--full").output.split(separator: "\n")
        #expect(whole.count == lines.count && zip(whole, lines).allSatisfy { $0.hasPrefix($1.prefix { $0 != "…" }) })
    }

    @Test func sweepsHaveDescriptions() throws {
        let lines = try agon("configs", "--sweeps").output.split(separator: "\n").dropFirst()
        #expect(lines.contains { $0.hasPrefix("smoke ") && $0.contains("Twelve trials") })
        #expect(lines.allSatisfy { $0.contains("  ") })
    }

    @Test func exportedGeneratorsAreNotTrained() throws {
        let temporary = try TemporaryFolder()
        let (folder, model) = (temporary.path, temporary.path + "/mine")
        let export = try agon("export", "quickstart", "--model", model)
        #expect(export.code == 0, "\(export.errors)")
        for arguments in [["run", "mine", "--resume"], ["run", "mine"], ["run", "gan/mlp", "--out", "mine"]] {
            let result = try agon(arguments, folder: folder)
            #expect(result.code == 64)
            #expect(
                result.errors.contains("mine: an exported generator, which contains no training state"),
                "\(arguments): \(result.errors)")
        }
        let again = try agon("export", "quickstart", "--model", model)
        #expect(again.errors.contains("it holds an exported generator already"), "\(again.errors)")
    }

    @Test func runsAreInFolders() throws {
        for arguments in [
            ["runs", "Package.swift"], ["runs", "reindex", "/nonexistent"], ["runs", "prune", "/none", "--runs", "1"],
        ] {
            let result = try agon(arguments)
            #expect(result.code == 64 && result.output.isEmpty, "\(arguments): \(result.output)")
        }
        #expect(try agon("runs", "Package.swift").errors.hasPrefix("Error: Package.swift: not a folder"))
    }

    @Test func badConfigIsExitCode65() throws {
        let typo = try agon("run", "Configs/selfgan/mlp.json", "--set", "optimizer.learningRat=1")
        #expect(typo.code == 65)
        #expect(
            typo.errors
                == "agon: error: --set optimizer.learningRat=1: optimizer.learningRat: unknown key. "
                + "Did you mean 'learningRate'?\n")
        let missing = try agon("inspect", "Configs/none.json")
        #expect(missing.code == 65)
        #expect(missing.errors.hasPrefix("agon: error: Configs/none.json: cannot be read"))
    }

    @Test func verifyTellsOfFailures() throws {
        let good = try agon("verify", "Tests/Fixtures/golden")
        #expect(good.code == 0)
        #expect(good.output.hasSuffix("81 passed, 0 failed\n"))
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        #expect(try agon("verify", folder).code == 65)
        try Data([0]).write(to: URL(fileURLWithPath: folder + "/x.safetensors"))
        let bad = try agon("verify", folder)
        #expect(bad.code == 1)
        #expect(bad.output.hasSuffix("0 passed, 1 failed\n"))
    }

    @Test func aRunFromStartToSamples() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        try temporary.write(pointsConfig(steps: 6, #""log": {"every": 3},"#), to: "points.json")
        let run = try agon("run", "points.json", folder: folder)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.hasPrefix("run Runs/points: 6 steps\nstep 1/6  loss.generator "))
        #expect(run.output.contains("\nsamples: Runs/points/samples/step-0000006.png\n"))
        #expect(run.output.contains("\nlook at:  Runs/points/samples, "))
        #expect(run.output.contains(" sample Runs/points --count 64 --seed 1 --out samples.png\n"))
        #expect(run.errors.isEmpty)
        #expect(try agon("run", "Runs/points", folder: folder).code == 64)
        #expect(try agon("run", "Runs/points", "--resume", "--steps", "8", folder: folder).code == 0)
        let sample = try agon("sample", "Runs/points", "--count", "3", "--out", "a.png", folder: folder)
        #expect(sample.output == "a.png: 3 samples of step 8\n")
        // Runs that cannot be measured are reported, and the others measured.
        let evaluation = try agon("evaluate", "Runs/points", "Runs/none", "--samples", "50", folder: folder)
        #expect(
            evaluation.code == 64 && evaluation.errors.contains("Runs/none: contains no run"), "\(evaluation.errors)")
        for words in ["modes", "GFLOP/step", "planned memory", "peak memory"] {
            #expect(evaluation.output.contains(words), "\(evaluation.output)")
        }
        let comparison = try agon("runs", "compare", "Runs/points", "Runs/points", "--curves", "nope", folder: folder)
        #expect(comparison.code == 64 && comparison.errors.contains("no curve 'nope'"), "\(comparison.errors)")
        let inspect = try agon("inspect", "Runs/points", "--json", folder: folder)
        #expect(try JSONSerialization.jsonObject(with: Data(inspect.output.utf8)) is [String: Any])
    }

    /// A model has a generator to measure, but no logs.
    @Test func modelsAreTakenWhereAGeneratorIsEnough() throws {
        let temporary = try TemporaryFolder()
        let found = try agon(
            "evaluate", "quickstart", "quickstrat", "--metrics", "ms-ssim", "--samples", "20", "--json",
            folder: temporary.path)
        #expect(found.code == 64 && found.errors.contains("Did you mean 'quickstart'?"), "\(found.errors)")
        #expect(found.output.contains("\"metric\": \"ms-ssim\""), "\(found.output)")
        #expect(!FileManager.default.fileExists(atPath: projectFolder + "/Models/quickstart/evaluations.jsonl"))
        for arguments in [["report", "quickstart"], ["runs", "compare", "quickstart", "digits"]] {
            let refused = try agon(arguments, folder: temporary.path)
            #expect(refused.code == 64 && refused.output.isEmpty)
            #expect(
                refused.errors.hasPrefix("agon: error: quickstart: a model that comes with Agon: "),
                "\(refused.errors)")
        }
    }

    /// Of images, only the metrics that read features need a classifier.
    @Test func foldersOfImagesAreMeasured() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        for (seed, name) in [("0", "made/"), ("1", "others/")] {
            let sample = try agon(
                "sample", "quickstart", "--count", "20", "--seed", seed, "--out", name, folder: folder)
            #expect(sample.code == 0 && sample.output.hasPrefix("\(name): 20 samples"), "\(sample)")
        }
        let found = try agon(
            "evaluate", "--images", "made/", "--against", "others/", "--metrics", "ms-ssim", "--json", folder: folder)
        #expect(found.code == 0, "\(found.errors)")
        for text in [#""images": "made/""#, #""metric": "ms-ssim""#, #""identity": "#] {
            #expect(found.output.contains(text), "\(found.output)")
        }
    }

    @Test func resumingNothingIsSaid() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        try temporary.write(pointsConfig(steps: 2), to: "points.json")
        let started = try agon("run", "points.json", "--resume", folder: folder)
        #expect(started.code == 0)
        #expect(started.errors == "note: nothing to resume: no run of 'points' in Runs yet; starting a new one\n")
        let again = try agon("run", "points.json", "--resume", folder: folder)
        #expect(again.errors.isEmpty && again.output.contains("already complete; --steps extends it"))
        let shorter = try agon("run", "Runs/points", "--resume", "--steps", "1", folder: folder)
        #expect(shorter.output.contains("this run has already passed step 1: it is complete at step 2"))
        try FileManager.default.removeItem(atPath: folder + "/Runs/points/checkpoints")
        try FileManager.default.removeItem(atPath: folder + "/Runs/points/run.json")
        let empty = try agon("run", "Runs/points", "--resume", folder: folder)
        #expect(empty.errors == "note: nothing to resume: Runs/points has no checkpoint yet; starting at step 1\n")
        for name in ["Runs", "Runs/nothing-of-the-kind"] {
            let none = try agon("run", name, "--resume", folder: folder)
            #expect(none.code == 64)
            #expect(
                none.errors.hasPrefix("agon: error: \(name): contains no run to resume (no config.json)"),
                "\(none.errors)"
            )
        }
        let model = try agon("run", projectFolder + "/Models/quickstart", "--resume", folder: folder)
        #expect(model.code == 64)
        #expect(model.errors.contains("train its config in a new run: "), "\(model.errors)")
        // The program is named as it was called.
        #expect(model.errors.hasSuffix("/agon run quickstart\n"), "\(model.errors)")
    }

    @Test func namesAreNoCommandsOfTheTerminal() throws {
        let result = try agon("run", "Configs/gan/mlp.json", "--set", #"name="a\u0000b\u001b[31m""#)
        #expect(result.code == 65)
        #expect(result.errors.contains(#"'a\x00b\x1B[31m' is not a valid folder name"#), "\(result)")
    }

    /// Nothing of this is continued by another call.
    @Test func anImageThatCannotBeWrittenIsABadFile() throws {
        let result = try agon("sample", "quickstart", "--count", "1", "--out", "/nowhere/at/all.png")
        #expect(result.code == 65 && result.errors.contains("No such file or directory"), "\(result)")
    }
}
