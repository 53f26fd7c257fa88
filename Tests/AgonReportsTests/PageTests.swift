import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonExperiments
import AgonSweeps
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

@Suite struct PageTests {
    private let folder: TemporaryFolder
    private static let evil = "<script>alert(1)</script>&\"'"

    init() throws { folder = try TemporaryFolder() }

    /// The page, read; it must be well-formed and stand by itself.
    private func outline(_ page: String) -> HTMLOutline {
        let outline = HTMLOutline(page)
        #expect(outline.faults.isEmpty, "\(outline.faults.prefix(5))")
        #expect(outline.foreign.isEmpty, "\(outline.foreign.prefix(5))")
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("@import"))
        #expect(!page.contains("url("))
        let policy = outline.all("meta").first { $0.attributes["http-equiv"] == "Content-Security-Policy" }
        #expect(policy?.attributes["content"]?.hasPrefix("default-src 'none'") == true)
        return outline
    }

    private func runPage(_ name: String) throws -> HTMLOutline { outline(RunPage(try fixture(name)).text) }

    private func sweepPage(_ trials: [SyntheticTrial]) throws -> HTMLOutline {
        outline(SweepPage(try RecordedSweep(folder.sweep(trials))).text)
    }

    private var sampled: [SyntheticTrial] {
        TemporaryFolder.studyTrials.map { trial in
            var trial = trial
            trial.samples = [100, 200, 300]
            return trial
        }
    }

    // MARK: Runs

    @Test func runPageTellsWhatWasRun() throws {
        let page = try runPage("run")
        for words in [
            "gan-mlp", "done", "objective gan", "data fashion-mnist", "seed 0", "AMD EPYC, 2 threads",
            "2026-11-21 11:25 UTC", "Losses", "Scores", "training time", "34.0 steps/s", "peak memory",
            "agon run Configs/gan/mlp.json --steps 300", "1a82cba13f49191c1434761a3ba8c98a83fabe42, with changes",
            "\"learningRate\": 0.0002", "Debian GNU/Linux 12 (bookworm)",
        ] {
            #expect(page.words.contains(words), "\(words)")
        }
        #expect(page.words.contains(try fixture("run").digest))
    }

    @Test func sliderNeedsNoScript() throws {
        let page = try runPage("run")
        let buttons = page.all("input")
        #expect(buttons.map { $0.attributes["type"] } == ["radio", "radio", "radio"])
        #expect(Set(buttons.compactMap { $0.attributes["name"] }).count == 1)
        #expect(buttons.compactMap { $0.attributes["aria-label"] } == ["step 100", "step 200", "step 300"])
        // One is chosen, so that an image shows at once; each has a label to be touched.
        #expect(buttons.map { $0.attributes["checked"] != nil } == [false, false, true])
        let labels = page.all("label").compactMap { $0.attributes["for"] }
        #expect(Array(labels.prefix(3)) == buttons.compactMap { $0.attributes["id"] })
        // Besides, each grid has buttons to the one before and the one after.
        #expect(Array(labels.dropFirst(3)) == ["t-1", "t-0", "t-2", "t-1"])
        #expect(page.all(class: "frame").count == 3)
        let images = page.all("img")
        #expect(images.count == 3)
        #expect(images.allSatisfy { $0.attributes["src"]?.hasPrefix("data:image/png;base64,") == true })
        #expect(images.map { $0.attributes["alt"] }.allSatisfy { $0?.hasPrefix("samples after step ") == true })
    }

    @Test func weightsOfDiscriminatorsAreCharted() throws {
        let page = try runPage("ensemble")
        #expect(page.words.contains("Weights of the discriminators"))
        #expect(page.words.contains("each discriminator's share of the generator's loss"))
        #expect(page.words.contains("Generator's loss by each discriminator"))
        #expect(page.words.contains("Losses of the discriminators"))
        // Four shares, one upon the other.
        #expect(page.all("polygon").filter { $0.attributes["class"] == "area" }.count == 4)
    }

    @Test func alarmsAndMetricsAreShown() throws {
        let trial = SyntheticTrial(
            id: "a", settings: ["size": "small", "seed": 0], distances: [9, 2, 3],
            alarms: ["step 300: discriminatorLossNearZero <1e-2>"])
        let sweep = try folder.sweep([trial])
        let page = outline(RunPage(try RecordedRun(sweep.trial("a").run)).text)
        #expect(page.words.contains("best 2 at step 200"))
        #expect(page.words.contains("step 300: discriminatorLossNearZero <1e-2>"))
        #expect(
            page.words.contains(
                "fid-lenet: lenet (0123456789ab), 10000 real, 1000 generated, test split, raw weights, latents of seed 0"
            ))
        #expect(page.elements.contains { $0.attributes["class"] == "mark" })
        #expect(page.elements.contains { $0.attributes["class"] == "spot" })
    }

    @Test func hiddenValuesAreMentioned() throws {
        let trial = SyntheticTrial(id: "a", settings: ["seed": 0], distances: [9, 2, 3])
        let run = try folder.sweep([trial]).trial("a").run
        let line: ConfigNode = [
            "step": 300, "metric": "fid-lenet", "value": 1, "identity": SyntheticTrial.identity(seed: 5),
        ]
        try folder.write(
            folder.text("Sweeps/study/trials/a/evaluations.jsonl") + line.lineText + "\n",
            to: "Sweeps/study/trials/a/evaluations.jsonl")
        let page = outline(RunPage(try RecordedRun(run)).text)
        #expect(page.words.contains("best 2 at step 200"))
        #expect(
            page.words.contains(
                "fid-lenet: 1 value measured in another way is not shown (latentSeed 5 instead of 0)"))
    }

    @Test func costsComeFromThePlan() throws {
        let text = """
            {"name": "tiny", "steps": 4, "seed": 3, "dataset": {"name": "gaussians-8", "count": 64}, "batchSize": 8,
             "latent": {"size": 4}, "objective": {"type": "gan"},
             "optimizer": {"type": "adam", "learningRate": 1e-2}, "ensemble": {"copies": 3},
             "generator": {"layers": [{"type": "linear", "features": 2}]},
             "discriminator": {"layers": [{"type": "linear", "features": 1}]}}
            """
        let experiment = try Experiment(ConfigNode.parse(text, file: "tiny.json"))
        let costs = try Inspection(
            experiment, searchPath: DataSearchPath(roots: [], manifestFolders: [], fetchFolder: folder.path), threads: 1
        )
        let page = outline(RunPage(try fixture("run"), costs: costs).text)
        #expect(page.words.contains("Planned memory "))
        #expect(page.words.contains("peak memory of the process 144 MB"), "\(page.words.suffix(400))")
        #expect(page.words.contains("optimizer state"))
        // Three copies of a discriminator: one line.
        #expect(page.words.contains("and 2 like it, each"))
        #expect(page.words.contains("MFLOP") && page.words.contains("GFLOP"))
    }

    /// A run that has just begun, and one that wrote nothing but its config.
    @Test func emptyRunsHaveAPage() throws {
        var trial = SyntheticTrial(id: "w", settings: ["seed": 0], state: .waiting)
        trial.config = ["name": "empty"]
        let sweep = try folder.sweep([trial])
        let page = outline(RunPage(try RecordedRun(sweep.trial("w").run)).text)
        #expect(page.words.contains("waiting"))
        #expect(page.words.contains("Nothing has been logged yet"))
        #expect(page.all("img").isEmpty)
    }

    @Test func unreadableImagesLeaveWords() throws {
        let sweep = try folder.sweep(sampled)
        try folder.write("no image", to: "Sweeps/study/trials/a0/samples/step-0000200.png")
        let page = outline(RunPage(try RecordedRun(sweep.trial("a0").run)).text)
        #expect(page.all("img").count == 2)
        #expect(page.all(class: "frame").count == 3)
        #expect(page.words.contains("the image cannot be read"))
    }

    // MARK: Sweeps

    @Test func sweepPageHasTableCurvesGridsAndTrials() throws {
        var trials = sampled
        trials[1].state = .failed
        trials[1].reason = "loss.generator is NaN at step 200"
        trials[4].alarms = ["step 300: the discriminator has won"]
        let page = try sweepPage(trials)
        for words in [
            "study", "size: small, large", "seed: 0, 1, 2", "5 of 6", "1 failed", "best fid-lenet", "last fid-lenet",
            "1.5", "± 1.2 (3)", "small: seed 1 failed (loss.generator is NaN at step 200) and does not count",
            "mean ± 95 % interval of the mean", "line: mean over seeds", "loss.generator", "a0", "b2",
            "why it ended", "step 300: the discriminator has won", "training in all", "Config of trial a0",
        ] {
            #expect(page.words.contains(words), "\(words)")
        }
        // Two rows with three grids each share one slider.
        #expect(page.all("input").count == 3)
        #expect(page.all("img").count == 6)
    }

    @Test func differencesBetweenTrialsAreListed() throws {
        var trials = sampled
        trials[1].config = ["optimizer": ["type": "adam", "beta1": 0.9]]
        let page = try sweepPage(trials)
        #expect(page.words.contains("seed: 0 → 1"))
        #expect(page.words.contains(#"optimizer: none → {"type": "adam", "beta1": 0.9}"#), "\(page.words)")
        #expect(page.words.contains("size: \"small\" → \"large\""))
    }

    @Test func differencesAreOfKeysNotOfOrder() throws {
        func lines(_ first: String, _ second: String) throws -> [String] {
            try ConfigDifference.between(
                ConfigNode.parse(first, file: "a"), ConfigNode.parse(second, file: "b")
            ).map(\.line)
        }
        #expect(try lines(#"{"a": 1, "b": {"c": [1, 2]}}"#, #"{"b": {"c": [1, 2.0]}, "a": 1}"#).isEmpty)
        #expect(
            try lines(#"{"a": 1, "b": {"c": [1, 2]}}"#, #"{"a": 2, "b": {"c": [1, 3]}, "d": true}"#)
                == ["a: 1 → 2", "b.c[1]: 2 → 3", "d: none → true"])
        #expect(try lines("[1]", "[1, 2]") == ["the whole config: [1] → [1, 2]"])
    }

    @Test func trialsAreLinked() throws {
        var trials = sampled
        trials[1].alarms = ["step 300: the discriminator has won"]
        let sweep = try folder.sweep(trials)
        try folder.write("", to: "Sweeps/study/trials/a0/report.html")
        func links(_ file: String?) throws -> [String] {
            outline(try Report.page(of: sweep.path, file: file)).all("a").compactMap { $0.attributes["href"] }
        }
        let inside = try links(nil)
        // In the table of trials, with the alarm, and with the differences from the first trial's config.
        #expect(inside.count == 2 * trials.count)
        #expect(inside.prefix(2) == ["trials/a0/report.html", "trials/\(trials[1].id)/"])
        #expect(try links(sweep.path + "/report.html") == inside)
        let elsewhere = try links(folder.path + "/pages/study.html")
        #expect(elsewhere.prefix(1) == ["../Sweeps/study/trials/a0/report.html"])
    }

    @Test func addressesOfFilesAreEncoded() {
        #expect(PageLink.address(of: "/a/b/c.html", from: "/a/b") == "c.html")
        #expect(PageLink.address(of: "/a/b/", from: "/a/d/e") == "../../b/")
        #expect(PageLink.address(of: "/a/b/", from: "/") == "a/b/")
        #expect(PageLink.address(of: "/a/", from: "/a") == "./")
        #expect(PageLink.address(of: "/javascript:x/\"é#?%", from: "/") == "javascript%3Ax/%22%C3%A9%23%3F%25")
    }

    @Test func gridsOfDifferentStepsHaveSlidersOfTheirOwn() throws {
        var trials = sampled
        trials[3].samples = [50, 100]
        let page = try sweepPage(trials)
        #expect(Set(page.all("input").compactMap { $0.attributes["name"] }) == ["t-0", "t-1"])
        #expect(page.all("input").count == 5)
    }

    @Test func sweepsWithoutTrialsHaveAPage() throws {
        var trials = TemporaryFolder.studyTrials
        for index in trials.indices { trials[index].state = .waiting }
        let page = try sweepPage(trials)
        #expect(page.words.contains("0 of 6"))
        #expect(page.words.contains("no trial of these rows has been run: small; large"))
        let none = try sweepPage([])
        #expect(none.words.contains("0 of 0"))
    }

    // MARK: Foreign words

    @Test func namesAndStringsAreEscaped() throws {
        var trials = sampled.map { trial in
            var trial = trial
            trial.base = Self.evil
            trial.settings["size"] = ConfigNode(Self.evil + (trial.id.hasPrefix("a") ? "1" : "2"))
            trial.config = [
                "description": ConfigNode(Self.evil), "objective": ["type": ConfigNode(Self.evil)],
                "dataset": ["name": ConfigNode(Self.evil)],
            ]
            trial.alarms = [Self.evil]
            return trial
        }
        trials[0].state = .failed
        trials[0].reason = Self.evil
        trials[1].identity = SyntheticTrial.identity(extractor: Self.evil)
        let page = try sweepPage(trials)
        #expect(page.words.contains(Self.evil))
        #expect(page.elements.contains { $0.attributes["aria-label"]?.contains(Self.evil) ?? false })
        let sweep = SweepFolder(path: folder.path + "/Sweeps/study")
        let run = outline(RunPage(try RecordedRun(sweep.trial("a1").run)).text)
        #expect(run.words.contains("\(Self.evil) – Agon"))
        #expect(run.words.contains(Self.evil + " done"))
    }

    @Test func markupEscapesAllButMarkup() {
        let name = "<b>&\"'</b>"
        let bold: Markup = "<b>\(name)</b>"
        #expect(bold.text == "<b>&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;</b>")
        let whole: Markup = "<p title=\"\(name)\">\(bold) \(3) \(2.0) \(1.26)</p>"
        #expect(whole.text.hasSuffix(" 3 2 1.3</p>"))
        #expect(!whole.text.contains("<b>&\"'"))
        #expect(Markup.escaped("a\u{0}b\u{1B}[31m\u{202E}c\n") == "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}c\n")
        let odd: Markup = "\(Double.nan)"
        #expect(odd.text == "0")
    }

    // MARK: Files

    @Test func reportTellsRunsFromSweepsAndFolders() throws {
        let sweep = try folder.sweep(sampled)
        #expect(try Report.page(of: sweep.path).contains("<title>study – Agon</title>"))
        let watched = try Report.page(of: sweep.path, reloadSeconds: 5)
        #expect(watched.contains("<meta http-equiv=\"refresh\" content=\"5\">\n"))
        #expect(try Report.page(of: sweep.trial("a0").path + "/").contains("<title>gan/mlp – Agon</title>"))
        #expect(
            message { _ = try Report.page(of: folder.path) }
                == "\(folder.path): contains neither a run (config.json) nor a sweep (trials.json)")
    }

    @Test func onlyPagesAreWrittenOver() throws {
        let path = try folder.write("weights", to: "model.safetensors")
        #expect(
            message { try Report.write("page", to: path) }
                == "\(path): not the name of an HTML page; choose one that ends in .html, such as \(path).html")
        #expect(try folder.text("model.safetensors") == "weights")
        for name in ["report.html", "REPORT.HTM"] {
            try folder.write("old", to: name)
            try Report.write("new", to: folder.path + "/" + name)
            #expect(try folder.text(name) == "new")
        }
    }

    /// Fifty trials with long names and many grids are still a page to send by mail.
    @Test func pagesKeepASensibleSize() throws {
        let image = try #require(
            FileManager.default.contents(atPath: fixture("run").folder.samplePath(step: 300)))
        let trials = (0..<50).map { index in
            SyntheticTrial(
                id: "t\(index)", settings: ["size": ConfigNode("size \(index)"), "seed": 0], distances: [9, 2, 3],
                samples: [50, 100, 200, 300])
        }
        let sweep = try folder.sweep(trials)
        for trial in trials {
            for step in trial.samples {
                try image.write(to: URL(fileURLWithPath: sweep.trial(trial.id).run.samplePath(step: step)))
            }
        }
        let page = try Report.page(of: sweep.path)
        #expect(page.utf8.count < 6 << 20, "\(page.utf8.count)")
        let images = page.components(separatedBy: "<img ").count - 1
        #expect(images > 40 && images <= 160, "\(images)")
        #expect(page.contains("and 2 more in the folders"))
    }
}
