import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

@Suite struct TableTextTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The study under names that mean something to each of the formats.
    private func table(_ change: (inout [SyntheticTrial]) -> Void = { _ in }) throws -> (ResultTable, TableMaking) {
        var trials = TemporaryFolder.studyTrials
        change(&trials)
        let text = TableConfiguration.text()
            .replacingOccurrences(of: #""name": "small""#, with: #""name": "small_1 & \"50%\" #2, |x|""#)
            .replacingOccurrences(of: #""row": "small""#, with: #""row": "small_1 & \"50%\" #2, |x|""#)
            .replacingOccurrences(of: #""published": {"best": 4.5}"#, with: #""published": {"best": "4 to 5%"}"#)
        let configuration = try TableConfiguration.read(text)
        let recorded = try RecordedSweep(folder.sweep(trials)).trials
        return (configuration.table(recorded), configuration.making(recorded))
    }

    // MARK: Markdown

    @Test func markdown() throws {
        #expect(
            MarkdownTable.text(try table().0) == ##"""
                |  | seeds | published best fid-lenet | best fid-lenet | last | minutes to best, min | share |
                | --- | ---: | ---: | ---: | ---: | ---: | ---: |
                | small\_1 &amp; "50%" \#2, \|x\| | 3 | 4 to 5% | 4.0 ± 5.0 (3) | 5.0 ± 6.6 (3) | 1.22 ± 1.72 (3) | 1.00 |
                | large | 3 | – | **1.5 ± 1.2 (3)** | 1.7 ± 1.9 (3) | 0.89 ± 0.48 (3) | 0.38 |

                """##)
    }

    @Test func markdownOfClaims() {
        var judgement = Judgement(
            claim: "A < B", source: "Paper, Table 1", verdict: .decided(.refuted), effects: [], count: 5, share: 0.3,
            published: "1 and 2")
        judgement.effects = [Judgement.Effect(text: "fid: A / B = 2.00 [1.50, 2.67]", margin: "below 1")]
        let untested = Judgement(claim: "C", source: nil, verdict: .notTested(" (n = 2)"))
        #expect(
            MarkdownTable.claims([judgement, untested]) == #"""
                | claim | published | verdict | effect, 95 % interval | to be confirmed | seeds | of the published steps |
                | --- | --- | --- | --- | --- | ---: | ---: |
                | A \< B (Paper, Table 1) | 1 and 2 | **refuted** | fid: A / B = 2.00 \[1.50, 2.67\] | below 1 | 5 | 30 % |
                | C | – | **not tested** (n = 2) | – | – | – | – |

                """#)
        #expect(MarkdownTable.claims([]).isEmpty)
    }

    @Test func marksAndMissingTrialsInMarkdown() throws {
        let (table, _) = try table { trials in
            for index in 3..<6 { trials[index].identity = SyntheticTrial.identity(samples: 500) }
            trials[5].state = .failed
        }
        let lines = MarkdownTable.text(table).split(separator: "\n")
        #expect(lines[2].contains("| 3 | 4 to 5% | 4.0 ± 5.0 (3)<sup>a</sup> |"), "\(lines[2])")
        #expect(lines[3].contains("| 2/3 | – | 1.2 ± 3.2 (2)<sup>b</sup> |"), "\(lines[3])")
    }

    // MARK: CSV

    @Test func commaSeparatedValuesAreQuotedAndWhole() throws {
        let lines = CommaSeparatedTable.text(try table().0).components(separatedBy: "\r\n")
        #expect(
            lines[0] == "row,trials,done,best,best.interval,best.deviation,best.n,best.identity,best.published,last,"
                + "last.interval,last.deviation,"
                + "last.n,last.identity,minutes,minutes.interval,minutes.deviation,minutes.n,minutes.identity,share,share.interval,share.deviation,share.n"
        )
        let identity =
            #""lenet (0123456789ab), 10000 real, 1000 generated, test split, raw weights, latents of seed 0""#
        #expect(
            lines[1].hasPrefix(
                #""small_1 & ""50%"" #2, |x|",3,3,4,4.9682754235006525,2,3,\#(identity),4 to 5%,5,"#
                    + #"6.572410607728419,2.6457513110645907,3,\#(identity),"#),
            "\(lines[1])")
        #expect(lines[1].hasSuffix(",1,,,"), "\(lines[1])")
        #expect(lines[2].hasPrefix("large,3,3,1.5,1.2420688558751631,0.5,3,"))
        #expect(lines.count == 4 && lines[3].isEmpty)
    }

    @Test func aLineOfValuesForEachWayOfMeasuring() throws {
        let (table, _) = try table { $0[3].identity = SyntheticTrial.identity(samples: 500) }
        let lines = CommaSeparatedTable.text(table).components(separatedBy: "\r\n").filter { $0.hasPrefix("large") }
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("large,3,3,1,,,1,") && lines[0].contains("500 generated"), "\(lines[0])")
        #expect(lines[1].hasPrefix("large,3,3,1.75,3.1765511840436673,0.3535533905932738,2,"), "\(lines[1])")
    }

    @Test func everyTrialHasItsLine() throws {
        let (_, making) = try table { $0[4].state = .waiting }
        let lines = CommaSeparatedTable.trials(making, rows: making.rows).components(separatedBy: "\r\n")
        #expect(
            lines[0] == "row,trial,seed,state,best,best.identity,last,last.identity,minutes,minutes.identity,config")
        #expect(lines.count == 8)
        #expect(lines[4].hasPrefix("large,b0,0,done,1,"))
        #expect(lines[5].hasPrefix("large,b1,1,waiting,,,,,,,"))
        #expect(lines[4].hasSuffix(making.trials[3].run.digest))
    }

    // MARK: LaTeX

    @Test func latexWithBooktabs() throws {
        let text = LaTeXTable.text(try table().0, label: "study-smoke", origin: ["Made by `agon`\nat noon."])
        let start = try #require(text.range(of: "  \\par\\smallskip"))
        #expect(
            text[..<start.lowerBound] == ##"""
                % Made by `agon` at noon.
                % needs \usepackage{booktabs,graphicx}
                \begin{table}
                  \centering
                  \caption{Size \& distance\_100\%}
                  \label{tab:study-smoke}
                  \small\setlength{\tabcolsep}{4pt}
                  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
                  \begin{tabular}{lrrrrrr}
                    \toprule
                     &  & \multicolumn{2}{c}{best fid-lenet} &  &  &  \\
                    \cmidrule(lr){3-4}
                     & seeds & published & measured & last & minutes to best, min & share \\
                    \midrule
                    small\_1 \& ''50\%'' \#2, \textbar{}x\textbar{} & 3 & 4 to 5\% & 4.0 $\pm$ 5.0 (3) & 5.0 $\pm$ 6.6 (3) & 1.22 $\pm$ 1.72 (3) & 1.00 \\
                    large & 3 & -- & \textbf{1.5 $\pm$ 1.2 (3)} & 1.7 $\pm$ 1.9 (3) & 0.89 $\pm$ 0.48 (3) & 0.38 \\
                    \bottomrule
                  \end{tabular}}

                """##)
        let note = "    mean $\\pm$ 95 \\% interval of the mean by Student's t (number of seeds).\\par\n"
        #expect(text.contains(note), "\(text)")
        #expect(text.hasSuffix("  \\end{minipage}\n\\end{table}\n"))
    }

    @Test func latexEscapesWhatItWouldRun() {
        #expect(
            LaTeXTable.escaped(#"100% & $x_1^2$ #3 \input{a} ~ <b> | "q" ± – → λ"#)
                == ##"100\% \& \$x\_1\textasciicircum{}2\$ \#3 \textbackslash{}input\{a\} \textasciitilde{} "##
                + #"\textless{}b\textgreater{} \textbar{} ''q'' $\pm$ -- $\to$ $\lambda$"#)
        #expect(LaTeXTable.escaped("two\nlines") == "two lines")
    }

    @Test func latexDoesNotTakeARowForALength() {
        #expect(LaTeXTable.line(["[0.5, 0.999]", "3"]) == "    {}[0.5, 0.999] & 3 \\\\")
    }

    @Test func latexNumbersAndMarks() throws {
        let (table, _) = try table { trials in
            for index in 0..<3 { trials[index].distances = [-5, -3e8] }
            for index in 3..<6 { trials[index].identity = SyntheticTrial.identity(samples: 500) }
        }
        let text = LaTeXTable.text(table, label: "x", origin: [])
        #expect(text.contains(#" & $-3.000\times10^{8}$ $\pm$ 0.0 (3)\textsuperscript{a} & "#), "\(text)")
        #expect(text.contains(#"1.5 $\pm$ 1.2 (3)\textsuperscript{b}"#), "\(text)")
    }
}
