import AgonExperiments
import AgonTestFiles
import Foundation
import Testing

/// The help of every command, and the examples in it and in the documentation as users paste them.
@Suite struct HelpTests {
    /// What `--help` prints of a command.
    private struct Page {
        /// The words after `agon`; empty for `agon` itself.
        let name: String
        let text: String

        /// What comes before the usage: what the command does, with examples.
        var overview: String { text.components(separatedBy: "\nUSAGE:")[0] }

        /// The names in the list of options.
        var options: Set<String> {
            let list = text.components(separatedBy: "\nOPTIONS:\n").dropFirst().joined(separator: "\n")
            // Descriptions are indented more, or follow an entry after two spaces.
            let entries = list.split(separator: "\n").filter { $0.hasPrefix("  -") }
                .map { $0.dropFirst(2).components(separatedBy: "  ")[0] }
            let words = entries.flatMap { $0.split { !($0.isLetter || $0.isNumber || $0 == "-") } }
            return Set(words.filter { $0.hasPrefix("--") }.map(String.init))
        }

        var subcommands: [String] {
            let list = text.components(separatedBy: "\nSUBCOMMANDS:\n").dropFirst().first ?? ""
            let lines = list.components(separatedBy: "\n\n")[0].split(separator: "\n")
            // Further lines of a description are indented more.
            let words = lines.filter { !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first }
            return words.map { name.isEmpty ? "\($0)" : "\(name) \($0)" }
        }
    }

    /// The pages of all commands, and of the commands below them.
    private static let pages: Result<[Page], any Error> = Result {
        var pages: [Page] = []
        var open = [""]
        while let name = open.popLast() {
            let page = Page(name: name, text: try agon(name.split(separator: " ").map(String.init) + ["--help"]).output)
            pages.append(page)
            open += page.subcommands
        }
        return pages
    }

    /// The commands in the indented lines of a text, without the words that explain them. A line that ends in a
    /// backslash continues on the next.
    private static func examples(in text: String) -> [String] {
        var found: [String] = []
        var isOpen = false
        for line in text.split(separator: "\n") {
            let words = line.trimmingCharacters(in: .whitespaces)
            guard isOpen || (line.hasPrefix("  ") && words.hasPrefix("agon ")) else { continue }
            let isContinued = words.hasSuffix(" \\")
            let command = (isContinued ? String(words.dropLast(2)) : words).components(separatedBy: "  ")[0]
            if isOpen { found[found.count - 1] += " " + command } else { found.append(command) }
            isOpen = isContinued
        }
        return found
    }

    @Test func everyCommandHasExamplesThatFitATerminal() throws {
        let pages = try Self.pages.get()
        #expect(pages.count > 30)
        for page in pages {
            let command = page.name.split(separator: " ").first ?? ""
            #expect(page.overview.contains("EXAMPLES\n  agon \(command)"), "agon \(page.name)")
            let long = page.text.split(separator: "\n").filter { $0.count > 80 && !$0.hasPrefix("USAGE") }
            #expect(long.isEmpty, "agon \(page.name): \(long)")
        }
    }

    /// The words of a command line that name no command and no option of it.
    private static func unknownWords(in line: String, _ pages: [Page]) -> [String] {
        let words = line.split(separator: " ").dropFirst().map(String.init)
        // The parser's own options are in no list.
        guard let first = words.first, !first.hasPrefix("--") else { return [] }
        let names = Set(pages.map(\.name))
        guard names.contains(first) else { return [first] }
        var command = first
        for word in words.dropFirst() {
            guard names.contains("\(command) \(word)") else { break }
            command += " " + word
        }
        // A command without the name of one below it is the default one.
        let options = pages.filter { $0.name == command || $0.name.hasPrefix(command + " ") }.flatMap(\.options)
        return words.filter { $0.hasPrefix("--") && !options.contains($0) }
    }

    @Test func examplesUseOptionsThatThereAre() throws {
        let pages = try Self.pages.get()
        let documents = try FileManager.default.contentsOfDirectory(atPath: projectFolder + "/Documentation").filter {
            $0.hasSuffix(".md")
        }
        let texts = try (["README.md"] + documents.map { "Documentation/" + $0 }).map {
            try String(contentsOfFile: projectFolder + "/" + $0, encoding: .utf8)
        }
        let examples = (pages.map(\.overview) + texts).flatMap(Self.examples)
        #expect(examples.count > 150)
        for example in examples { #expect(Self.unknownWords(in: example, pages).isEmpty, "\(example)") }
    }

    /// The commands that messages advise; what they insert comes after the command's name.
    @Test func hintsNameCommandsThatThereAre() throws {
        let pages = try Self.pages.get()
        let files = try FileManager.default.subpathsOfDirectory(atPath: projectFolder + "/Sources")
        var count = 0
        for file in files where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: projectFolder + "/Sources/" + file, encoding: .utf8)
            for piece in text.components(separatedBy: "CommandText.agon(\"").dropFirst() {
                let words = piece.prefix { $0 != "\"" }
                #expect(Self.unknownWords(in: "agon \(words)", pages).isEmpty, "\(file): agon \(words)")
                count += 1
            }
        }
        #expect(count > 20)
    }

    /// Configs that come with Agon take the settings that the help makes in them.
    @Test func examplesOfConfigsAreRead() throws {
        let examples = try Self.pages.get().flatMap { Self.examples(in: $0.overview) }
        var count = 0
        for example in examples {
            let words = example.split(separator: " ").map(String.init)
            guard words.count > 2, ["run", "inspect", "benchmark"].contains(words[1]), !words[2].hasPrefix("Runs/")
            else { continue }
            let path = words[2].hasSuffix(".json") ? words[2] : "Configs/\(words[2]).json"
            let overrides = zip(words, words.dropFirst()).filter { $0.0 == "--set" }.map(\.1)
            #expect(throws: Never.self, "\(example)") {
                try Experiment.load(path: projectFolder + "/" + path, overrides: overrides)
            }
            count += 1
        }
        #expect(count > 25)
    }

    /// What one looks for is in the help, in a line that can be pasted.
    @Test(arguments: [
        ("", ["agon sample quickstart", "make install PREFIX=~/.local", "agon --generate-completion-script zsh"]),
        (
            "run",
            [
                "--init weights.safetensors --rename module.netG.=generator.",
                "scripts/convert-weights weights.pt weights.safetensors", "--set dataset.name=folder",
                "--set tricks.augmentation={}", "--set tricks.augmentation.probability=",
                "--set tricks.augmentation.target=", "--set tricks.consistency={}", "--set penalty.every=",
                "--set tricks.averaging={}", "--set alarms.discriminatorLossNearZero.action=", "--set samples.every=",
                "--set log.every=", "agon run sngan/cifar10", "agon run sngan/facades-64",
                "agon run sngan/cifar10-conditional", "agon run sagan/cifar10", "agon run relativistic/dcgan",
                "tensorboard --logdir Runs", "agon schema --markdown",
            ]
        ),
        (
            "sample",
            [
                "agon sample quickstart --count 64", "--out samples/", "--out samples.npy", "--weights raw",
                "--scale 1", "--animate training.gif", "--animate walk.png --interpolate",
                "--neighbours 4 --classifier", "--truncation", "--standing-statistics",
                "agon sample digits-by-class --count",
            ]
        ),
        (
            "evaluate",
            [
                "--images made/ --against fashion-mnist", "--against photographs/", "--statistics photographs.npz",
                "--against photographs.npz", "--split train", "--classifier inception.safetensors",
            ]
        ),
        (
            "export",
            [
                "agon export Runs/quickstart --onnx", "--classifier lenet-fashion-mnist --onnx", "--weights raw",
                "agon export digits-by-class --onnx",
            ]
        ),
        ("models", ["agon models", "agon sample quickstart"]),
        ("sweep emit", ["--slurm", "--prologue \"module load", "--time 02:00:00", "--sbatch mem=4G", "--parallel"]),
        ("table", ["agon table --sweep", "agon table gas --sweep", "--add"]),
        ("runs compare", ["Runs/gan-dcgan Runs/lsgan-dcgan Runs/wgan-dcgan"]),
        ("report", ["--watch"]),
        ("schema", ["--markdown > Documentation/reference/config.md", "--table"]),
    ])
    func featuresHaveExamples(command: String, examples: [String]) throws {
        let page = try #require(try Self.pages.get().first { $0.name == command })
        let lines = Self.examples(in: page.overview) + page.overview.components(separatedBy: "\n")
        for example in examples {
            #expect(lines.contains { $0.contains(example) }, "agon \(command) --help: \(example)")
        }
    }
}
