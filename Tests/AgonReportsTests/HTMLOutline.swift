import Foundation

/// A page read tag by tag, strictly: what is not as HTML wants it is a fault.
struct HTMLOutline {
    struct Element {
        let name: String
        let attributes: [String: String]
    }

    private(set) var elements: [Element] = []
    /// Text between tags, entities resolved, styles left out.
    private(set) var words = ""
    private(set) var faults: [String] = []

    private static let void: Set<String> = [
        "meta", "img", "br", "wbr", "input", "line", "polyline", "polygon", "circle",
    ]

    init(_ page: String) {
        var open: [String] = []
        var rest = page[...]
        guard rest.hasPrefix("<!DOCTYPE html>\n") else {
            faults.append("no doctype")
            return
        }
        rest = rest.dropFirst(16)
        while let start = rest.firstIndex(of: "<") {
            addText(rest[..<start], in: open.last)
            guard let end = Self.end(of: rest[start...]) else {
                faults.append("tag without end: \(rest[start...].prefix(40))")
                return
            }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                let name = String(tag.dropFirst())
                if open.last != name { faults.append("</\(name)> closes <\(open.last ?? "nothing")>") }
                _ = open.popLast()
                continue
            }
            let (element, fault) = Self.element(tag)
            if let fault { faults.append(fault) }
            elements.append(element)
            if !Self.void.contains(element.name) { open.append(element.name) }
        }
        if !open.isEmpty { faults.append("never closed: \(open)") }
    }

    private mutating func addText(_ text: Substring, in element: String?) {
        guard element != "style" else { return }
        if text.contains(">") { faults.append("'>' in text: \(text.prefix(60))") }
        for part in text.split(separator: "&").dropFirst(text.hasPrefix("&") ? 0 : 1)
        where !["amp;", "lt;", "gt;", "quot;", "#39;"].contains(where: part.hasPrefix) {
            faults.append("'&' in text: \(part.prefix(40))")
        }
        words += Self.resolved(String(text))
    }

    /// The place of the '>' that ends a tag, outside its quotes.
    private static func end(of tag: Substring) -> String.Index? {
        var isQuoted = false
        for index in tag.indices {
            if tag[index] == "\"" { isQuoted.toggle() }
            if tag[index] == ">", !isQuoted { return index }
        }
        return nil
    }

    private static func element(_ tag: Substring) -> (Element, fault: String?) {
        let name = String(tag.prefix { !$0.isWhitespace && $0 != "/" })
        var attributes: [String: String] = [:]
        var fault: String?
        var rest = tag.dropFirst(name.count)
        while true {
            rest = rest.drop { $0.isWhitespace || $0 == "/" }
            guard !rest.isEmpty else { break }
            let key = String(rest.prefix { $0 != "=" && !$0.isWhitespace && $0 != "/" })
            rest = rest.dropFirst(key.count)
            var value = ""
            if rest.hasPrefix("=\"") {
                value = String(rest.dropFirst(2).prefix { $0 != "\"" })
                rest = rest.dropFirst(value.count + 3)
            } else if rest.hasPrefix("=") {
                fault = "attribute \(key) of <\(name)> without quotes"
            }
            if attributes.updateValue(resolved(value), forKey: key) != nil {
                fault = "attribute \(key) twice in <\(name)>"
            }
        }
        return (Element(name: name, attributes: attributes), fault)
    }

    private static func resolved(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")].reduce(text) {
            $0.replacingOccurrences(of: $1.0, with: $1.1)
        }
    }

    func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

    func all(class name: String) -> [Element] {
        elements.filter { $0.attributes["class"]?.split(separator: " ").contains(Substring(name)) ?? false }
    }

    /// Whatever a browser would fetch or run, and links to anything but files by relative paths.
    var foreign: [String] {
        let active = ["script", "link", "iframe", "object", "embed", "base", "form", "audio", "video"]
        return elements.flatMap { element -> [String] in
            var found = active.contains(element.name) ? ["<\(element.name)>"] : []
            for (key, value) in element.attributes {
                if key.hasPrefix("on") { found.append("\(key) of <\(element.name)>") }
                let isAddress = ["src", "href", "action", "srcset", "poster", "data"].contains(key)
                let isLink = element.name == "a" && !value.contains(":") && !value.hasPrefix("/")
                if isAddress, !isLink, !value.hasPrefix("data:image/"), !value.hasPrefix("#") {
                    found.append("\(key)=\(value)")
                }
                if key == "style", value.contains("url(") { found.append("style=\(value)") }
            }
            return found
        }
    }
}
