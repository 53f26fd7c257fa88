import AgonDiagnostics
import AgonExperiments
import AgonReports
import AgonRuns
import AgonSampling
import AgonText
import AgonTraining
import ArgumentParser
import Foundation

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write an HTML report of a run or sweep: figures, curves, samples over time.",
        discussion: """
            One self-contained HTML file without scripts, for screen, phone and
            paper. A run in progress can be reported too: --watch rewrites the page
            every few seconds until Ctrl-C, and browsers that show it reload it.
            The page of a sweep links to its trials; wide tables scroll.

            EXAMPLES
              agon report Runs/selfgan-mlp
              agon report Sweeps/gas-quick-gas --watch
              agon report Sweeps/gas-quick-gas --out gas.html
            """)

    @Argument(help: "The folder of a run or of a sweep.", completion: .directory)
    var folder: String
    @Option(name: .shortAndLong, help: "The file to write; default: report.html in the folder.", completion: .file())
    var out: String?
    @Flag(inversion: .prefixedNo, help: "Whether to include the planned memory and the FLOPs of the configs.")
    var costs = true
    @Flag(help: "Keep rewriting the page, for a run or sweep in progress.")
    var watch = false
    @Option(
        parsing: .unconditional, help: ArgumentHelp("The seconds between two pages of --watch.", valueName: "seconds"))
    var every = 10
    @OptionGroup var data: DataOptions

    func validate() throws {
        try requireName(folder, "run or sweep", example: "Runs/quickstart")
        if every != 10, !watch { throw ValidationError("--every is a setting of --watch") }
        try check("--every", every, in: 1...86_400, "a number of seconds, 1 to 86400")
    }

    func run() throws {
        try SamplingModel.requireRun(
            folder,
            remedy: "draw samples with: \(CommandText.agon("sample \(folder)")); measure it with: "
                + CommandText.agon("evaluate \(folder)"))
        let path = out ?? RunFolder(path: folder).path + "/report.html"
        guard watch else {
            let page = try write(to: path)
            print("\(path): \(SizeText.short(page.utf8.count))")
            return
        }
        try StopRequest.signals.listening { try keepWriting(to: path) }
        // Browsers that show the page need not reload it any more.
        do { _ = try write(to: path) } catch { Console.say("note: \(error); the page still reloads") }
    }

    /// Writes the page again and again, until Ctrl-C or another signal.
    private func keepWriting(to path: String) throws {
        let page = try write(to: path, reloadSeconds: every)
        print("\(path): \(SizeText.short(page.utf8.count))")
        Console.say("rewriting it every \(CountText.short(every, "second")); Ctrl-C ends this")
        while true {
            let next = ContinuousClock.now + .seconds(every)
            while ContinuousClock.now < next {
                if StopRequest.signals.isMade { return }
                usleep(100_000)
            }
            do {
                _ = try write(to: path, reloadSeconds: every)
            } catch {
                // Such as a sweep whose list is being replaced.
                Console.say("note: \(error); trying again")
            }
        }
    }

    private func write(to path: String, reloadSeconds: Int? = nil) throws -> String {
        let page = try Report.page(of: folder, file: path, reloadSeconds: reloadSeconds) { run in
            guard costs else { return nil }
            do {
                let experiment = try Experiment.load(path: run.folder.configPath)
                return try Inspection(
                    experiment, searchPath: data.searchPath, threads: run.record?.threads ?? 1)
            } catch {
                Console.say("note: the report omits costs: \(error)")
                return nil
            }
        }
        try Report.write(page, to: path)
        return page
    }
}
