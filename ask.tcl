puts "lanes: [gtkwave::getDisplayedSignals]"
puts "from: [gtkwave::getMinTime]"
gtkwave::setMarker $::env(MARKER)
puts "thread: [gtkwave::getTraceValueAtMarkerFromName {thread 0}]"
puts "call: [gtkwave::getTraceValueAtMarkerFromName {thread 0: system call}]"
exit
