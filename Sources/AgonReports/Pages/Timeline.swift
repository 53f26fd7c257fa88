import AgonText

/// Sample grids over time, with a slider that works without scripts: radio buttons, of which the browser shows the
/// selected one's images. Arrow keys move it; on paper all images are shown.
///
/// Runs with grids at the same steps share one slider, so that they can be compared at each step.
struct Timeline {
    struct Item {
        let run: RecordedRun
        var title: String?
        var note: String?
    }

    let markup: Markup

    /// The maximum number of frames that the page's style supports.
    static let limit = 24

    /// Nil if there is no grid.
    ///
    /// - Parameters:
    ///   - identifier: distinguishes the timelines of a page.
    ///   - frames: the maximum number of images of a run.
    ///   - bytes: the size up to which an image is embedded unchanged.
    ///   - side: the maximum side of larger images in pixels.
    init?(_ items: [Item], identifier: String, frames: Int, bytes: Int, side: Int) {
        let steps = items.first?.run.sampleSteps ?? []
        guard !steps.isEmpty else { return nil }
        guard items.allSatisfy({ $0.run.sampleSteps == steps }) else {
            let parts = items.enumerated().compactMap { index, item in
                Timeline([item], identifier: "\(identifier)-\(index)", frames: frames, bytes: bytes, side: side)?.markup
            }
            markup = "<div class=\"galleries\">\(parts.joined())</div>"
            return
        }
        let chosen = Chart.evenly(steps.count, limit: min(frames, Self.limit)).map { steps[$0] }
        let images = items.map { item in
            let shown = chosen.map { step in
                Self.frame(item.run, step: step, bytes: bytes, side: side)
            }
            return "\(Self.heading(item))<div class=\"frames\">\(shown.joined())</div>" as Markup
        }
        let body: Markup =
            images.count == 1
            ? images[0]
            : "<div class=\"galleries\">\(images.map { "<div>\($0)</div>" as Markup }.joined())</div>"
        let slider = Self.slider(chosen, of: steps.count, identifier: identifier)
        markup = """
            <div class="time" role="group" aria-label="samples over time">
            \(slider.inputs)
            \(body)
            \(slider.track)
            </div>
            """
    }

    private static func heading(_ item: Item) -> Markup {
        let note: Markup = item.note.map { "<small>\($0)</small>" } ?? .empty
        return item.title.map { "<h3>\($0)\(note)</h3>" } ?? .empty
    }

    /// An image with its step. An unreadable one leaves a text, so that later ones keep their positions.
    private static func frame(_ run: RecordedRun, step: Int, bytes: Int, side: Int) -> Markup {
        let caption: Markup = "<figcaption>step \(NumberText.grouped(step))</figcaption>"
        guard let image = EmbeddedImage(path: run.folder.samplePath(step: step), bytes: bytes, side: side) else {
            return "<figure class=\"frame\">the image cannot be read\(caption)</figure>"
        }
        // Small images are enlarged by nearest neighbour; larger ones would lose pixels that way.
        let kind: Markup = image.width <= side / 2 ? " class=\"small\"" : .empty
        return """
            <figure class="frame"><img\(kind) src="\(image.source)" width="\(image.width)" height="\(image.height)" \
            alt="samples after step \(step)">\(caption)</figure>
            """
    }

    private static func slider(_ steps: [Int], of count: Int, identifier: String) -> (inputs: Markup, track: Markup) {
        var (inputs, labels): ([Markup], [Markup]) = ([], [])
        for (index, step) in steps.enumerated() {
            let checked: Markup = index == steps.count - 1 ? " checked" : .empty
            let name = "\(identifier)-\(index)"
            inputs.append(
                "<input type=\"radio\" name=\"\(identifier)\" id=\"\(name)\" aria-label=\"step \(step)\"\(checked)>")
            labels.append("<label for=\"\(name)\" title=\"step \(step)\"></label>")
        }
        guard let first = steps.first, let last = steps.last, steps.count > 1 else {
            return (inputs.joined(separator: ""), .empty)
        }
        let jumps = steps.enumerated().map { index, step -> Markup in
            func button(_ target: Int, _ sign: Markup, _ words: String) -> Markup {
                steps.indices.contains(target)
                    ? "<label for=\"\(identifier)-\(target)\" title=\"\(words)\">\(sign)</label>" : "<i></i>"
            }
            return """
                <p class="jump">\(button(index - 1, "‹", "previous grid"))<b>step \(NumberText.grouped(step))</b>\
                \(button(index + 1, "›", "next grid"))</p>
                """
        }
        let shown: Markup = steps.count < count ? "<span>\(steps.count) of \(count) grids</span>" : .empty
        return (
            inputs.joined(separator: ""),
            """
            <div class="track" aria-hidden="true">\(labels.joined(separator: ""))</div>
            <div class="jumps" aria-hidden="true">\(jumps.joined(separator: ""))</div>
            <p class="ends"><span>step \(NumberText.grouped(first))</span>\(shown)\
            <span>step \(NumberText.grouped(last))</span></p>
            """
        )
    }

    /// Shows the frame and fills the track of the selected button.
    static var rules: Markup {
        (1...limit).map { place -> Markup in
            """
            .time>input:nth-of-type(\(place)):checked~*>.frame:nth-child(\(place)),
            .time>input:nth-of-type(\(place)):checked~.galleries .frame:nth-child(\(place)){display:block}
            .time>input:nth-of-type(\(place)):checked~.jumps>:nth-child(\(place)){display:flex}
            .time>input:nth-of-type(\(place)):checked~.track>label:nth-child(-n+\(place))::before{background:var(--accent)}
            .time>input:nth-of-type(\(place)):checked~.track>label:nth-child(\(place))::after{opacity:1}
            """
        }.joined()
    }
}
